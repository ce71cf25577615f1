"""The one resource tree: every door ends here, and access is decided on what it leads to."""

from stockroom.resources.directory import Directory, RegistryRow, ViewRow, WorkspaceRow
from stockroom.resources.tree import (
    Missing,
    RegistryResource,
    Resource,
    Root,
    SeenPackage,
    ViewResource,
    WorkspaceResource,
)

__all__ = [
    "Directory",
    "Missing",
    "RegistryResource",
    "RegistryRow",
    "Resource",
    "Root",
    "SeenPackage",
    "ViewResource",
    "ViewRow",
    "WorkspaceResource",
    "WorkspaceRow",
]
