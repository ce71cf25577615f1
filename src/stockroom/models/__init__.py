"""The relational model, one file per aggregate."""

from stockroom.models.access import (
    ApiKey,
    Attempts,
    BrowserSession,
    CliLogin,
    Grant,
    Login,
    RefreshToken,
    SigningKey,
)
from stockroom.models.events import Event
from stockroom.models.facts import AdvisoryPackage, AdvisoryRecord, Fact, JobRun
from stockroom.models.packages import Blob, BurntFilename, File, Package, Release
from stockroom.models.people import (
    ExternalAccount,
    Invitation,
    RecoveryCode,
    Robot,
    SecurityKey,
    User,
)
from stockroom.models.places import Registry, Team, View, ViewDefinition, ViewMember, Workspace
from stockroom.models.sessions import LIVE, UploadFile, UploadSession

SCHEMA_REVISION = "0004"
"""The migration that this code needs; a test holds it equal to the newest one."""

__all__ = [
    "LIVE",
    "SCHEMA_REVISION",
    "AdvisoryPackage",
    "AdvisoryRecord",
    "ApiKey",
    "Attempts",
    "Blob",
    "BrowserSession",
    "BurntFilename",
    "CliLogin",
    "Event",
    "ExternalAccount",
    "Fact",
    "File",
    "Grant",
    "Invitation",
    "JobRun",
    "Login",
    "Package",
    "RecoveryCode",
    "RefreshToken",
    "Registry",
    "Release",
    "Robot",
    "SecurityKey",
    "SigningKey",
    "Team",
    "UploadFile",
    "UploadSession",
    "User",
    "View",
    "ViewDefinition",
    "ViewMember",
    "Workspace",
]
