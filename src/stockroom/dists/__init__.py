"""Distributions, read without trust: names, filenames, archives and their metadata.

This room is pure: it knows neither the web nor the database, and never writes to disk. Whatever
it is given, it answers with data: a reading or an inspection that holds every violation found, or,
for a filename, ``FilenameRefused``.
"""

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.filenames import SdistFilename, WheelFilename, parse_filename
from stockroom.dists.inspection import Inspection, inspect
from stockroom.dists.metadata import (
    MetadataReading,
    ResolverMetadata,
    read_metadata,
    resolver_metadata,
)
from stockroom.dists.names import (
    LOOKALIKES,
    is_stdlib_module,
    is_valid_name,
    normalize,
    ultra_normalized,
)
from stockroom.dists.policies import DECISIONS, POLICIES, Policy, PolicyFinding
from stockroom.dists.refusals import FilenameRefused
from stockroom.dists.requirements import strict_constraint
from stockroom.dists.sdists import inspect_sdist
from stockroom.dists.versions import canonical_version, parse_version
from stockroom.dists.wheels import inspect_wheel

__all__ = [
    "DECISIONS",
    "LOOKALIKES",
    "POLICIES",
    "CoreMetadata",
    "FilenameRefused",
    "Inspection",
    "MetadataReading",
    "Policy",
    "PolicyFinding",
    "ResolverMetadata",
    "SdistFilename",
    "WheelFilename",
    "canonical_version",
    "inspect",
    "inspect_sdist",
    "inspect_wheel",
    "is_stdlib_module",
    "is_valid_name",
    "normalize",
    "parse_filename",
    "parse_version",
    "read_metadata",
    "resolver_metadata",
    "strict_constraint",
    "ultra_normalized",
]
