"""What a view shows of a package, and why: groups by priority, merging, filters, time travel."""

from stockroom.resolution.answers import Asked, AskedGroup, Fate, Resolution, SeenFile
from stockroom.resolution.detail import FileDetail, PackageDetail
from stockroom.resolution.listing import Listing
from stockroom.resolution.reading import ViewFilters
from stockroom.resolution.resolver import Resolver

__all__ = [
    "Asked",
    "AskedGroup",
    "Fate",
    "FileDetail",
    "Listing",
    "PackageDetail",
    "Resolution",
    "Resolver",
    "SeenFile",
    "ViewFilters",
]
