"""What plugins see of Stockroom: protocols and frozen dataclasses, versioned semantically.

Nothing here imports the rest of Stockroom but its problems, Pyramid or SQLAlchemy.
"""

from stockroom.spi.events import AuditEvent
from stockroom.spi.facts import Advisory, FactDocument, FactRun, FactSource
from stockroom.spi.filters import (
    FilterField,
    FilterFile,
    FilterFunction,
    FilterPackage,
    FilterRelease,
    Level,
    ValueType,
)
from stockroom.spi.logins import (
    ExternalUser,
    LoginMethod,
    LoginRefused,
    LoginStart,
    TeamRole,
)
from stockroom.spi.settings import PluginSettings, setting
from stockroom.spi.storage import (
    CHUNK,
    DOWNLOAD_SECONDS,
    LEFTOVER_AFTER,
    BlobMissing,
    BlobReader,
    BlobStat,
    BlobTooLarge,
    DirectUpload,
    StagedBlob,
    Storage,
    StorageFactory,
    StorageUnavailable,
)
from stockroom.spi.uploads import RegistryInfo, UploadedFile
from stockroom.spi.violations import Violation

SPI_VERSION = "0.1"

__all__ = [
    "CHUNK",
    "DOWNLOAD_SECONDS",
    "LEFTOVER_AFTER",
    "SPI_VERSION",
    "Advisory",
    "AuditEvent",
    "BlobMissing",
    "BlobReader",
    "BlobStat",
    "BlobTooLarge",
    "DirectUpload",
    "ExternalUser",
    "FactDocument",
    "FactRun",
    "FactSource",
    "FilterField",
    "FilterFile",
    "FilterFunction",
    "FilterPackage",
    "FilterRelease",
    "Level",
    "LoginMethod",
    "LoginRefused",
    "LoginStart",
    "PluginSettings",
    "RegistryInfo",
    "StagedBlob",
    "Storage",
    "StorageFactory",
    "StorageUnavailable",
    "TeamRole",
    "UploadedFile",
    "ValueType",
    "Violation",
    "setting",
]
