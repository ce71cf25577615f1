"""People and what belongs to them, as resources: names only, looked up after the access rules."""

from __future__ import annotations

from typing import cast

from stockroom.resources.directory import Snapshot, TeamRow
from stockroom.resources.resource import Missing, Resource
from stockroom.security.acl import own_acl
from stockroom.security.scopes import Scope

MAX_NAME = 255
"""Longest name in characters that the database can have."""


class Own(Resource):
    """What every known caller may look at: what is theirs, and lists of what they may read."""

    __acl__ = own_acl()


class Items(Resource):
    """Container of whatever has a name, or a number, in the database.

    Whether it exists is found out by its view, so that callers who may not read it make the server
    look for nothing.
    """

    def __init__(self, parent: Resource, name: str, kind: type[Resource]) -> None:
        super().__init__(parent, name)
        self._kind = kind

    def __getitem__(self, name: str) -> Resource:
        """Whatever has that name."""
        if len(name) > MAX_NAME or not name.isprintable():
            raise Missing(name)
        return self._kind(self, name)


class Item(Resource):
    """Something in such a container."""

    @property
    def holder(self) -> Resource:
        """The resource to which it belongs."""
        assert self.__parent__ is not None  # noqa: S101 - the container
        assert self.__parent__.__parent__ is not None  # noqa: S101 - the holder
        return self.__parent__.__parent__


class Me(Own):
    """The account of whoever asks."""

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "keys":
                return Items(self, name, OwnKey)
            case "sessions":
                return Items(self, name, OwnSession)
            case "teams":
                return Items(self, name, OwnTeam)
        raise Missing(name)


class OwnKey(Own, Item):
    """An API key of one's own; ``__name__`` is its number."""


class OwnSession(Own, Item):
    """A browser or a program in which one is signed in: ``session:ID`` or ``login:ID``."""


class OwnTeam(Own, Item):
    """A team of which one is a member."""


class UserResource(Item):
    """A user."""


class OfTeam(Item):
    """Something that belongs to a team."""

    @property
    def team(self) -> TeamResource:
        """The team."""
        return cast(TeamResource, self.holder)


class MemberResource(OfTeam):
    """A member of a team, by the name of the user."""


class InvitationResource(OfTeam):
    """An invitation to a team, by its number."""


class GrantResource(Item):
    """The role of a subject on a place; ``__name__`` is the subject as people write it."""


class RobotResource(OfTeam):
    """A robot of a team."""

    def __getitem__(self, name: str) -> Resource:
        """The fixed container of its keys."""
        if name == "keys":
            return Items(self, name, RobotKey)
        raise Missing(name)


class RobotKey(Item):
    """A key of a robot, by its number."""

    @property
    def robot(self) -> RobotResource:
        """The robot."""
        return cast(RobotResource, self.holder)


class Teams(Own):
    """Container of all teams."""

    def __init__(self, parent: Resource, snapshot: Snapshot) -> None:
        super().__init__(parent, "teams")
        self.snapshot = snapshot

    def __getitem__(self, name: str) -> TeamResource:
        """A team by its exact name."""
        try:
            row = self.snapshot.teams[name]
        except KeyError:
            raise Missing(name) from None
        return TeamResource(self, row)


class TeamResource(Resource):
    """A team."""

    def __init__(self, parent: Resource, row: TeamRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.__acl__ = row.acl

    @property
    def scope(self) -> Scope:
        """Where roles on it are held."""
        return Scope("team", self.row.id)

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "members":
                return Items(self, name, MemberResource)
            case "invitations":
                return Items(self, name, InvitationResource)
            case "robots":
                return Items(self, name, RobotResource)
            case "grants":
                return Items(self, name, GrantResource)
        raise Missing(name)
