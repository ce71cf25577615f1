"""What a registry, and a team, decides for itself: declared once, with type, default and help.

Stored is only what differs from the default, as text; the server's own settings are another matter
(``stockroom.settings``). A ``Decision`` is taken by the rules of ``dists`` and ``publish``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from stockroom.dists import DECISIONS, POLICIES, normalize
from stockroom.errors import BadRequest
from stockroom.spi.settings import boolean, choice, declared, integer, read_section, setting, words

P = TypeVar("P", bound="Quotas")

MIB = 1024 * 1024
MOST_MIB = 1024**3
"""Largest quota in MiB: a pebibyte."""
MOST_DAYS = 36500

decision = choice(*DECISIONS)


def normal_words(value: str) -> tuple[str, ...]:
    """Words in the form that all spellings of a name share, such as ``acme-``."""
    return tuple(dict.fromkeys(map(normalize, words(value))))


class PolicyInvalid(BadRequest):
    """A setting of a registry or a team that does not exist, or a value that it cannot have."""

    slug, title = "invalid-setting", "Invalid setting"


def _quota(about: str) -> int:
    return setting(parse=integer(minimum=0, maximum=MOST_MIB), default=0, help=about)


def _days(about: str) -> int:
    return setting(parse=integer(minimum=0, maximum=MOST_DAYS), default=0, help=about)


def _rule(name: str) -> str:
    policy = POLICIES[name]
    return setting(
        parse=decision, default=policy.default, help=f"{policy.help[:-1]} ({policy.rule})."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Limits that a team and each of its registries may have (U-72); 0 is no limit."""

    max_file_mb: int = _quota("Largest file, in MiB; 0 is no limit (U-72).")
    max_package_mb: int = _quota("All files of one package together, in MiB; 0 is no limit (U-72).")
    max_total_mb: int = _quota("All files of all packages together, in MiB; 0 is no limit (U-72).")
    uploads_per_minute: int = setting(
        parse=integer(minimum=0, maximum=1_000_000),
        default=0,
        help="Files published in any 60 seconds; 0 is no limit.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPolicy(Quotas):
    """What holds for all registries of a team together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPolicy(Quotas):
    """What holds in one registry."""

    new_packages: str = setting(
        parse=choice("writers", "admins"),
        default="writers",
        help="Who may publish the first file of a new package (U-65).",
    )
    standard_library_names: str = setting(
        parse=choice("allow", "refuse"),
        default="allow",
        help="New packages named like a module of Python's standard library (U-66).",
    )
    similar_names: str = setting(
        parse=choice("allow", "refuse"),
        default="allow",
        help="New packages whose name looks like that of another in the registry (U-66).",
    )
    prohibited_names: tuple[str, ...] = setting(
        parse=normal_words, default=(), help="Names that no new package may have (U-66)."
    )
    name_prefixes: tuple[str, ...] = setting(
        parse=normal_words,
        default=(),
        help="If given, new packages must have a name that begins with one of these (U-68).",
    )
    local_versions: str = _rule("local_versions")
    long_summary: str = _rule("long_summary")
    unknown_classifiers: str = _rule("unknown_classifiers")
    deprecated_classifiers: str = _rule("deprecated_classifiers")
    repository_urls: str = _rule("repository_urls")
    direct_references: str = _rule("direct_references")
    unrenderable_description: str = _rule("unrenderable_description")
    platform_tags: str = _rule("platform_tags")
    record_list: str = _rule("record_list")
    record_hashes: str = _rule("record_hashes")
    wheel_tags: str = _rule("wheel_tags")
    folded_names: str = _rule("folded_names")
    legacy_filenames: bool = setting(
        parse=boolean,
        default=False,
        help="Accept file names from before PEP 625 and zipped sdists, for imports (U-85, U-86).",
    )
    md5_alone: bool = setting(
        parse=boolean,
        default=False,
        help="Accept uploads whose only digest is MD5, as very old clients send them (U-32).",
    )
    any_user_name: bool = setting(
        parse=boolean,
        default=True,
        help="Accept a token as the password of any user name, not only of __token__ (U-10).",
    )
    burn_filenames: bool = setting(
        parse=boolean,
        default=True,
        help="The name of a deleted file can never be used again (U-75).",
    )
    release_closes_after_days: int = _days(
        "Days after its first file at which a release takes no more files; 0 is never (U-76)."
    )
    keep_newest: int = setting(
        parse=integer(minimum=0, maximum=1_000_000),
        default=0,
        help="Retention: releases of each package to keep, the newest; 0 keeps all.",
    )
    drop_prereleases_after_days: int = _days(
        "Retention: days after which pre-releases and dev releases go; 0 is never."
    )
    drop_only_idle_days: int = _days(
        "Retention: what was downloaded or published to in this many days stays; 0 asks nothing."
    )

    @property
    def decisions(self) -> dict[str, str]:
        """The answers to the rules of ``dists.POLICIES``, by their names."""
        return {name: getattr(self, name) for name in POLICIES}


def read_policy(kind: type[P], stored: Mapping[str, str]) -> P:
    """The policy whose differences from the default are ``stored``.

    What this version does not know, or not any more, keeps its default: a server must not stand
    still because of one setting of one registry.
    """
    readable = {
        name: value for name, value in stored.items() if not read_section(kind, {name: value})[1]
    }
    policy, _ = read_section(kind, readable)
    assert policy is not None  # noqa: S101 - nothing is required, and all of this was readable
    return policy


def changed(
    kind: type[Quotas], stored: Mapping[str, str], changes: Mapping[str, str | None]
) -> dict[str, str]:
    """``stored`` with ``changes``; None and "" put a setting back to its default.

    :raises PolicyInvalid: with every unknown setting and every value that cannot be.
    """
    known = {entry.name for entry in declared(kind)}
    errors = [
        f"{name} is not a setting; there are {', '.join(sorted(known))}"
        for name in sorted(changes.keys() - known)
    ]
    merged = {**stored, **changes}
    after = {name: value.strip() for name, value in merged.items() if value and value.strip()}
    # What is stored may have become invalid; that is no reason to refuse another change.
    checked = after.keys() & known & changes.keys()
    errors += read_section(kind, {name: after[name] for name in sorted(checked)})[1]
    if errors:
        raise PolicyInvalid("; ".join(errors))
    return after
