"""Whether a registry takes a file as things stand: names, states, burnt names, quotas.

What a file is by itself has been checked before; here the rules look at what the registry holds.
They are asked twice: without a lock to tell an uploader everything at once, and with the package
locked, which decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from stockroom.dists import is_stdlib_module
from stockroom.errors import Forbidden
from stockroom.policies import MIB
from stockroom.publish import queries
from stockroom.publish.body import file_too_large
from stockroom.publish.files import Candidate
from stockroom.publish.problems import FileExists, PackageClosed, TooManyUploads
from stockroom.publish.queries import PackageState, ReleaseState
from stockroom.publish.target import Target
from stockroom.spi import Violation

CLOSED = frozenset({"archived", "quarantined"})
RATE_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``new`` is what is not published yet, each with its release if that is there already."""

    new: Sequence[tuple[Candidate, ReleaseState | None]]
    violations: Sequence[Violation]


class Admission:
    """Asks the database, changes nothing."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock

    def check_rate(self, connection: Connection, target: Target) -> None:
        """Make sure that one more file may be published in this minute.

        :raises TooManyUploads: the registry's or the team's ``uploads_per_minute`` is used up.
        """
        since = self._clock() - RATE_WINDOW
        mine, all_of_team = target.policy.uploads_per_minute, target.team_policy.uploads_per_minute
        registry, team = target.registry, target.registry.team
        if mine and queries.uploads_in_registry(connection, registry.id, since) >= mine:
            raise TooManyUploads(f"{target.name} takes {mine} files a minute; try again soon")
        if all_of_team and queries.uploads_in_team(connection, team.id, since) >= all_of_team:
            raise TooManyUploads(
                f"the team {team.name} may publish {all_of_team} files a minute; try again soon"
            )

    def judge_package(
        self, connection: Connection, target: Target, name: str, package: PackageState | None
    ) -> list[Violation]:
        """Judge whether a package takes files at all, or may be made if ``package`` is None.

        :raises PackageClosed: the package takes no files (U-95).
        :raises Forbidden: the caller may not publish this package, or not create it (U-65).
        """
        if target.packages is not None and name not in target.packages:
            mine = ", ".join(sorted(target.packages)) or "nothing"
            raise Forbidden(f"this credential may publish {mine} to {target.name}, but not {name}")
        if package is None:
            return list(self._of_new_package(connection, target, name))
        _check_open(package)
        return []

    def judge(
        self,
        connection: Connection,
        target: Target,
        files: Sequence[Candidate],
        package: PackageState | None,
    ) -> Verdict:
        """Judge files of one package; ``package`` is None when the registry does not have it.

        :raises FileExists: a file name is taken by other bytes (U-74).
        :raises PackageClosed: the package takes no files (U-95).
        :raises Forbidden: the caller may not create packages (U-65).
        """
        found = self.judge_package(connection, target, files[0].package, package)
        states: dict[str, ReleaseState | None] = {}
        new = []
        for file in files:
            if _is_published(connection, target, file, found):
                continue
            version = file.canonical_version
            if package and version not in states:
                states[version] = queries.release_state(connection, package.id, version)
            state = states.get(version)
            found += self._of_release(target, file, state)
            new.append((file, state))
        found += _second_sdists([file for file, _ in new])
        found += over_quota(connection, target, [file.size or 0 for file, _ in new], package)
        return Verdict(new, found)

    def _of_new_package(
        self, connection: Connection, target: Target, name: str
    ) -> Iterator[Violation]:
        """The rules for names of new packages (U-65, U-66, U-68)."""
        policy = target.policy
        if not (target.may_create or name in target.creatable):
            raise Forbidden(
                f"{target.name} has no package {name}, and only its admins may add one; ask one of "
                "them to publish the first file"
            )
        if name in policy.prohibited_names:
            yield _name(name, "name-prohibited", f"the name {name} is prohibited in {target.name}")
        if policy.standard_library_names == "refuse" and is_stdlib_module(name):
            yield _name(
                name,
                "name-of-standard-library",
                f"{name} is the name of a module of Python's standard library; choose another name",
            )
        prefixes = policy.name_prefixes
        if prefixes and not name.startswith(prefixes):
            yield _name(
                name,
                "name-prefix",
                f"new packages of {target.name} must have a name that begins with "
                f"{' or '.join(prefixes)}; {name} does not",
            )
        if policy.similar_names == "refuse":
            yield from _similar(connection, target, name)

    def _of_release(
        self, target: Target, file: Candidate, state: ReleaseState | None
    ) -> Iterator[Violation]:
        if state is None:
            return
        days = target.policy.release_closes_after_days
        if days and self._clock() - state.created_at > timedelta(days=days):
            yield Violation(
                "version",
                "release-closed",
                f"the release {file.version} has its first file for more than {days} days and "
                f"takes no more in {target.name}; release a new version",
            )
        if file.kind == "sdist" and state.sdist is not None:
            yield _second_sdist(file, state.sdist)


def _check_open(package: PackageState) -> None:
    if package.status in CLOSED:
        reason = f": {package.status_reason}" if package.status_reason else ""
        raise PackageClosed(f"the package {package.name} is {package.status}{reason}")


def _is_published(
    connection: Connection, target: Target, file: Candidate, found: list[Violation]
) -> bool:
    """Whether this very file is there; adds to ``found`` what stands against its name."""
    for use in queries.uses_of_filename(connection, target.registry.id, file.filename):
        if use.blake2b_256 is None:
            if target.policy.burn_filenames:
                found.append(
                    Violation(
                        "content",
                        "filename-burnt",
                        f"a file {file.filename} was published and deleted; its name is never used "
                        "again, so release a new version",
                    )
                )
        elif use.sha256 == file.sha256 and file.blake2b_256 in (None, use.blake2b_256):
            return True
        else:
            raise FileExists(
                f"File already exists: {file.filename} is published with other content; a "
                "published file never changes, so release a new version"
            )
    return False


def _second_sdists(files: Sequence[Candidate]) -> Iterator[Violation]:
    """Two new sdists of one release (U-77)."""
    seen: dict[str, str] = {}
    for file in files:
        if file.kind == "sdist":
            first = seen.setdefault(file.canonical_version, file.filename)
            if first != file.filename:
                yield _second_sdist(file, first)


def _second_sdist(file: Candidate, first: str) -> Violation:
    return Violation(
        "content",
        "second-sdist",
        f"the release {file.version} has the sdist {first} already; a release has one",
    )


def over_quota(
    connection: Connection, target: Target, sizes: Sequence[int], package: PackageState | None
) -> Iterator[Violation]:
    """What is too large of new files with these sizes in bytes (U-72).

    Uploads to other packages meanwhile are not waited for.
    """
    largest = target.max_file_bytes
    if largest is not None and max(sizes, default=0) > largest:
        yield file_too_large(largest)
    if not any(sizes):
        return
    registry, team = target.registry, target.registry.team
    for quota in (registry.policy.max_package_mb, team.policy.max_package_mb):
        yield from _no_room("the package", quota, package.size if package else 0, sum(sizes))
    if registry.policy.max_total_mb:
        used = queries.registry_bytes(connection, registry.id)
        yield from _no_room(target.name, registry.policy.max_total_mb, used, sum(sizes))
    if team.policy.max_total_mb:
        used = queries.team_bytes(connection, team.id)
        yield from _no_room(f"the team {team.name}", team.policy.max_total_mb, used, sum(sizes))


def _no_room(what: str, quota: int, used: int, more: int) -> Iterator[Violation]:
    if quota and used + more > quota * MIB:
        yield Violation(
            "content",
            "project-too-large",
            f"Project size too large: {what} may hold {quota} MiB and has no room for {more} bytes "
            "more; delete old releases, or ask for a larger quota",
        )


def _similar(connection: Connection, target: Target, name: str) -> Iterator[Violation]:
    other = queries.similar_package(connection, target.registry.id, name)
    if other is not None:
        yield _name(
            name,
            "name-too-similar",
            f"the name {name} is too similar to {other}, which {target.name} has already",
        )


def _name(name: str, code: str, message: str) -> Violation:
    return Violation("name", code, message)
