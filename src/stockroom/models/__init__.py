"""The relational model, one file per aggregate."""

from stockroom.models.access import ApiKey, Grant
from stockroom.models.events import Event
from stockroom.models.packages import Blob, BurntFilename, File, Package, Release
from stockroom.models.places import Registry, Team, View, ViewMember, Workspace
from stockroom.models.sessions import LIVE, UploadFile, UploadSession

SCHEMA_REVISION = "0002"
"""The migration that this code needs; a test holds it equal to the newest one."""

__all__ = [
    "LIVE",
    "SCHEMA_REVISION",
    "ApiKey",
    "Blob",
    "BurntFilename",
    "Event",
    "File",
    "Grant",
    "Package",
    "Registry",
    "Release",
    "Team",
    "UploadFile",
    "UploadSession",
    "View",
    "ViewMember",
    "Workspace",
]
