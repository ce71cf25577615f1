"""Where an upload goes, who sends it, and the limits that hold there."""

from __future__ import annotations

from dataclasses import dataclass

from stockroom.feed import Origin
from stockroom.policies import MIB, RegistryPolicy, TeamPolicy
from stockroom.resources import RegistryRow
from stockroom.spi import RegistryInfo


@dataclass(frozen=True, slots=True)
class Target:
    """A registry as one caller may publish to it.

    ``may_create`` says whether the caller may publish the first file of a package (U-65);
    ``packages`` names the packages of which they may publish any file at all, None is all.
    ``creatable`` names those that they may create in any case, being granted them by name.
    ``origin`` is whence the request comes, for the audit trail.
    """

    workspace: str
    registry: RegistryRow
    actor: str
    may_create: bool
    packages: frozenset[str] | None = None
    creatable: frozenset[str] = frozenset()
    origin: Origin | None = None

    @property
    def policy(self) -> RegistryPolicy:
        """What the registry decides for itself."""
        return self.registry.policy

    @property
    def team_policy(self) -> TeamPolicy:
        """What holds for all registries of the team."""
        return self.registry.team.policy

    @property
    def name(self) -> str:
        """As people write it: ``acme/main``."""
        return f"{self.workspace}/{self.registry.name}"

    @property
    def info(self) -> RegistryInfo:
        """As plugins see it."""
        return RegistryInfo(self.workspace, self.registry.name, self.registry.team.name)

    @property
    def max_file_bytes(self) -> int | None:
        """See :func:`max_file_bytes`."""
        return max_file_bytes(self.registry)


def max_file_bytes(registry: RegistryRow) -> int | None:
    """The largest file that a registry takes (U-72); None where there is no limit."""
    limits = filter(None, (registry.policy.max_file_mb, registry.team.policy.max_file_mb))
    smallest = min(limits, default=None)
    return None if smallest is None else smallest * MIB
