"""Keys of another server: those of the robots of its teams."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.remote_places import SERVER, Steps, find_place
from stockroom.cli.refusals import Refusal
from stockroom.manage.people.rows import (
    GrantReport,
    KeyReport,
    NewKeyReport,
    RobotReport,
)
from stockroom.manage.reports.rows import KeyRow, TeamRow


class RemoteKeys:
    """Keys of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str, *, role: str, scope: str, days: int) -> str:
        """See Keys; for the whole server a key is made on its machine only."""
        if scope == SERVER:
            raise Refusal("a key for the whole server is made on its machine, without --server")
        team, place = find_place(self._client, scope)
        robot, robots = f"robot-{secrets.token_hex(6)}", ("teams", team, "robots")
        self._client.send("POST", *robots, body={"name": robot, "description": name})
        try:
            grant = (*place, "grants", f"robot:{team}.{robot}")
            self._client.send("PUT", *grant, body={"role": role})
            made = self._client.send(
                "POST", *robots, robot, "keys", body={"name": name, "access": "admin", "days": days}
            )
        except Refusal:
            self._client.send("DELETE", *robots, robot)
            raise
        return made.as_(NewKeyReport).secret

    def find(self) -> list[KeyRow]:
        """See Keys; those of the robots of all teams that the key administers."""
        return sorted(self._rows(), key=lambda row: row.id)

    def revoke(self, number: int) -> None:
        """See Keys."""
        for keys, key in self._keys():
            if key.id == number:
                self._client.send("DELETE", *keys, str(number))
                return
        raise Refusal(f"there is no key {number}; `stockroom key list` shows all")

    def _rows(self) -> Iterator[KeyRow]:
        for team in self._teams():
            roles: dict[str, list[GrantReport]] = {}
            for grant in self._client.rows(GrantReport, "grants", *team, "grants"):
                roles.setdefault(grant.subject, []).append(grant)
            for robot, steps in self._robots(team):
                for key in self._client.rows(KeyReport, "keys", *steps):
                    found = roles.get(robot.subject, [])
                    yield from (_row(robot, key, held) for held in found or (None,))

    def _keys(self) -> Iterator[tuple[Steps, KeyReport]]:
        """Every key, with the steps to those of its robot."""
        for team in self._teams():
            for _, steps in self._robots(team):
                for key in self._client.rows(KeyReport, "keys", *steps):
                    yield steps, key

    def _robots(self, team: Steps) -> Iterator[tuple[RobotReport, Steps]]:
        """The robots of a team, each with the steps to its keys."""
        for robot in self._client.rows(RobotReport, "robots", *team, "robots"):
            yield robot, (*team, "robots", robot.name, "keys")

    def _teams(self) -> Iterator[Steps]:
        """The steps to every team whose robots and roles the key may see."""
        for team in self._client.rows(TeamRow, "teams", "teams"):
            steps = ("teams", team.name)
            if self._client.find(*steps, "grants") is not None:
                yield steps


def _row(robot: RobotReport, key: KeyReport, held: GrantReport | None) -> KeyRow:
    return KeyRow(
        key.id,
        key.name,
        key.hint,
        robot.name,
        key.access,
        held.role if held else None,
        held.scope if held else None,
        key.created_at,
        key.expires_at,
        key.used_at,
        key.revoked_at,
    )
