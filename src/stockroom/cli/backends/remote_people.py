"""People, robots and roles of another server."""

from __future__ import annotations

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.remote_places import TEAM, Steps, find_place
from stockroom.manage.people.rows import (
    GrantReport,
    InvitationReport,
    MemberReport,
    NewInvitation,
    RobotReport,
    UserReport,
)

USER = "user:"


class RemotePeople:
    """People of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def users(self, part: str) -> list[UserReport]:
        """See People."""
        return list(self._client.rows(UserReport, "users", "users", q=part))

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """See People."""
        self._client.send("PATCH", "users", name, body={"disabled": disabled})

    def members(self, team: str) -> list[MemberReport]:
        """See People."""
        return list(self._client.rows(MemberReport, "members", "teams", team, "members"))

    def robots(self, team: str) -> list[RobotReport]:
        """See People."""
        return list(self._client.rows(RobotReport, "robots", "teams", team, "robots"))

    def create_robot(self, team: str, name: str, description: str) -> None:
        """See People."""
        body = {"name": name, "description": description}
        self._client.send("POST", "teams", team, "robots", body=body)

    def delete_robot(self, team: str, name: str) -> None:
        """See People."""
        self._client.send("DELETE", "teams", team, "robots", name)

    def invitations(self, team: str) -> list[InvitationReport]:
        """See People."""
        steps = ("teams", team, "invitations")
        return list(self._client.rows(InvitationReport, "invitations", *steps))

    def invite(self, team: str, role: str, email: str | None) -> str:
        """See People."""
        body = {"role": role, "email": email}
        made = self._client.send("POST", "teams", team, "invitations", body=body)
        return made.as_(NewInvitation).link

    def revoke_invitation(self, team: str, number: int) -> None:
        """See People."""
        self._client.send("DELETE", "teams", team, "invitations", str(number))

    def grants(self, scope: str) -> list[GrantReport]:
        """See People."""
        _, place = find_place(self._client, scope)
        return list(self._client.rows(GrantReport, "grants", *place, "grants"))

    def give(self, scope: str, subject: str, role: str) -> None:
        """See People."""
        self._client.send("PUT", *self._held(scope, subject), body={"role": role})

    def take(self, scope: str, subject: str) -> None:
        """See People."""
        self._client.send("DELETE", *self._held(scope, subject))

    def _held(self, scope: str, subject: str) -> Steps:
        """The steps to a role: that of a user on a team is a membership."""
        _, place = find_place(self._client, scope)
        if scope.startswith(TEAM) and subject.startswith(USER):
            return *place, "members", subject.removeprefix(USER)
        return *place, "grants", subject
