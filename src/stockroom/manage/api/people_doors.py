"""The doors to people, their roles and credentials, and to the places that they make."""

from __future__ import annotations

from collections.abc import Iterator

from stockroom.manage.api import (
    events,
    invitations,
    me,
    members,
    robots,
    teams,
    users,
    workspaces,
)
from stockroom.manage.api.doors import Door
from stockroom.manage.api.grants import (
    list_grants,
    list_team_grants,
    named,
    put_grant,
    remove_grant,
    show_grant,
)
from stockroom.resources import (
    GrantResource,
    InvitationResource,
    Me,
    MemberResource,
    OwnKey,
    OwnSession,
    OwnTeam,
    PackageResource,
    RegistryResource,
    Resource,
    RobotKey,
    RobotResource,
    Root,
    TeamResource,
    Teams,
    UserResource,
    ViewResource,
    WorkspaceResource,
    Workspaces,
)
from stockroom.security.permissions import Permission

ME = ("me",)
TEAM = ("teams", "{team}")
ROBOT = (*TEAM, "robots", "{robot}")
WORKSPACE = ("workspaces", "{workspace}")
REGISTRY = (*WORKSPACE, "registries", "{registry}")
PACKAGE = (*REGISTRY, "packages", "{package}")
VIEW = (*WORKSPACE, "views", "{view}")


def _of_grants(kind: str, steps: tuple[str, ...], context: type[Resource]) -> Iterator[Door]:
    """The doors to the roles on one kind of place."""
    listing = named(list_grants, f"list_{kind}_grants") if kind != "team" else list_team_grants
    allowed = {"GET": (listing, Permission.GRANT_READ)}
    yield Door(f"api.{kind}-grants", steps, context, allowed, page="grants")
    yield Door(
        f"api.{kind}-grant",
        (*steps, "grants", "{subject}"),
        GrantResource,
        {
            "GET": (named(show_grant, f"show_{kind}_grant"), Permission.GRANT_READ),
            "PUT": (named(put_grant, f"put_{kind}_grant"), Permission.GRANT_CHANGE),
            "DELETE": (named(remove_grant, f"remove_{kind}_grant"), Permission.GRANT_CHANGE),
        },
    )


OWN_DOORS = (
    Door("api.me", ME, Me, {"GET": (me.show_me, Permission.ACCOUNT_READ)}),
    Door(
        "api.me-keys",
        ME,
        Me,
        {
            "GET": (me.list_own_keys, Permission.ACCOUNT_READ),
            "POST": (me.create_own_key, Permission.KEY_CREATE),
        },
        page="keys",
    ),
    Door(
        "api.me-key",
        (*ME, "keys", "{key}"),
        OwnKey,
        {"DELETE": (me.revoke_own_key, Permission.KEY_CREATE)},
    ),
    Door(
        "api.me-sessions",
        ME,
        Me,
        {"GET": (me.list_own_sessions, Permission.ACCOUNT_READ)},
        page="sessions",
    ),
    Door(
        "api.me-session",
        (*ME, "sessions", "{session}"),
        OwnSession,
        {"DELETE": (me.revoke_own_session, Permission.ACCOUNT_CHANGE)},
    ),
    Door(
        "api.me-teams",
        ME,
        Me,
        {"GET": (me.list_own_teams, Permission.ACCOUNT_READ)},
        page="teams",
    ),
    Door(
        "api.me-team",
        (*ME, "teams", "{team}"),
        OwnTeam,
        {"DELETE": (me.leave_team, Permission.ACCOUNT_CHANGE)},
    ),
    Door(
        "api.me-events",
        ME,
        Me,
        {"GET": (events.list_own_events, Permission.ACCOUNT_READ)},
        page="events",
    ),
)

SERVER_DOORS = (
    Door(
        "api.users",
        (),
        Root,
        {
            "GET": (users.list_users, Permission.USER_READ),
            "POST": (users.create_user, Permission.USER_CHANGE),
        },
        page="users",
    ),
    Door(
        "api.user",
        ("users", "{user}"),
        UserResource,
        {
            "GET": (users.show_user, Permission.USER_READ),
            "PATCH": (users.change_user, Permission.USER_CHANGE),
        },
    ),
    Door(
        "api.user-events",
        ("users", "{user}"),
        UserResource,
        {"GET": (events.list_user_events, Permission.SERVER_AUDIT)},
        page="events",
    ),
    Door(
        "api.server-events",
        (),
        Root,
        {"GET": (events.list_server_events, Permission.SERVER_AUDIT)},
        page="events",
    ),
    *_of_grants("server", (), Root),
)

TEAM_DOORS = (
    Door(
        "api.teams",
        ("teams",),
        Teams,
        {
            "GET": (teams.list_teams, Permission.ACCOUNT_READ),
            "POST": (teams.create_team, Permission.TEAM_CREATE),
        },
    ),
    Door(
        "api.team",
        TEAM,
        TeamResource,
        {
            "GET": (teams.show_team, Permission.TEAM_READ),
            "PATCH": (teams.change_team, Permission.TEAM_CHANGE),
            "DELETE": (teams.delete_team, Permission.TEAM_DELETE),
        },
    ),
    Door(
        "api.members",
        TEAM,
        TeamResource,
        {"GET": (members.list_members, Permission.MEMBER_READ)},
        page="members",
    ),
    Door(
        "api.member",
        (*TEAM, "members", "{user}"),
        MemberResource,
        {
            "GET": (members.show_member, Permission.MEMBER_READ),
            "PUT": (members.put_member, Permission.MEMBER_CHANGE),
            "DELETE": (members.remove_member, Permission.MEMBER_CHANGE),
        },
    ),
    Door(
        "api.invitations",
        TEAM,
        TeamResource,
        {
            "GET": (invitations.list_invitations, Permission.MEMBER_CHANGE),
            "POST": (invitations.create_invitation, Permission.MEMBER_CHANGE),
        },
        page="invitations",
    ),
    Door(
        "api.invitation",
        (*TEAM, "invitations", "{invitation}"),
        InvitationResource,
        {"DELETE": (invitations.revoke_invitation, Permission.MEMBER_CHANGE)},
    ),
    Door(
        "api.robots",
        TEAM,
        TeamResource,
        {
            "GET": (robots.list_robots, Permission.MEMBER_READ),
            "POST": (robots.create_robot, Permission.ROBOT_CHANGE),
        },
        page="robots",
    ),
    Door(
        "api.robot",
        ROBOT,
        RobotResource,
        {
            "GET": (robots.show_robot, Permission.MEMBER_READ),
            "PATCH": (robots.change_robot, Permission.ROBOT_CHANGE),
            "DELETE": (robots.delete_robot, Permission.ROBOT_CHANGE),
        },
    ),
    Door(
        "api.robot-keys",
        ROBOT,
        RobotResource,
        {
            "GET": (robots.list_robot_keys, Permission.ROBOT_CHANGE),
            "POST": (robots.create_robot_key, Permission.ROBOT_CHANGE),
        },
        page="keys",
    ),
    Door(
        "api.robot-key",
        (*ROBOT, "keys", "{key}"),
        RobotKey,
        {"DELETE": (robots.revoke_robot_key, Permission.ROBOT_CHANGE)},
    ),
    *_of_grants("team", TEAM, TeamResource),
    Door(
        "api.team-workspaces",
        TEAM,
        TeamResource,
        {
            "GET": (workspaces.list_team_workspaces, Permission.TEAM_READ),
            "POST": (workspaces.create_workspace, Permission.WORKSPACE_CREATE),
        },
        page="workspaces",
    ),
    Door(
        "api.team-events",
        TEAM,
        TeamResource,
        {"GET": (events.list_team_events, Permission.TEAM_AUDIT)},
        page="events",
    ),
)

PLACE_DOORS = (
    Door(
        "api.workspaces",
        ("workspaces",),
        Workspaces,
        {"GET": (workspaces.list_workspaces, Permission.ACCOUNT_READ)},
    ),
    Door(
        "api.workspace",
        WORKSPACE,
        WorkspaceResource,
        {
            "GET": (workspaces.show_workspace, Permission.WORKSPACE_READ),
            "PATCH": (workspaces.change_workspace, Permission.WORKSPACE_CHANGE),
            "DELETE": (workspaces.delete_workspace, Permission.WORKSPACE_DELETE),
        },
    ),
    *_of_grants("workspace", WORKSPACE, WorkspaceResource),
    Door(
        "api.registries",
        WORKSPACE,
        WorkspaceResource,
        {
            "GET": (workspaces.list_registries, Permission.WORKSPACE_READ),
            "POST": (workspaces.create_registry, Permission.REGISTRY_CREATE),
        },
        page="registries",
    ),
    *_of_grants("view", VIEW, ViewResource),
    *_of_grants("registry", REGISTRY, RegistryResource),
    *_of_grants("package", PACKAGE, PackageResource),
)

PEOPLE_DOORS = (*OWN_DOORS, *SERVER_DOORS, *TEAM_DOORS, *PLACE_DOORS)
