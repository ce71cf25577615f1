"""Reading ``s3://BUCKET/PREFIX?region=REGION&endpoint=URL``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl

from stockroom.spi.settings import url as absolute_url

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", re.ASCII)
SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+", re.ASCII)
OPTIONS = ("endpoint", "region")
NO_CREDENTIALS = (
    "takes no credentials: boto3 looks for them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "in ~/.aws, and asks the machine for its role"
)


@dataclass(frozen=True, slots=True)
class Location:
    """Where the objects are. ``prefix`` is empty or ends in a slash."""

    bucket: str
    prefix: str
    region: str | None
    endpoint: str | None


def parse_location(url: SplitResult) -> Location:
    """Read the URL of the storage; raises ValueError with what is wrong with it."""
    if "@" in url.netloc:
        raise ValueError(NO_CREDENTIALS)
    if not BUCKET.fullmatch(url.netloc):
        raise ValueError("must name a bucket: s3://BUCKET or s3://BUCKET/PREFIX")
    if url.fragment:
        raise ValueError("must not contain #")
    segments = url.path.strip("/").split("/") if url.path.strip("/") else []
    if not all(map(SEGMENT.fullmatch, segments)):
        raise ValueError("the prefix must consist of letters, digits, and . _ ~ - between slashes")
    options = _options(url.query)
    prefix = "".join(f"{segment}/" for segment in segments)
    return Location(url.netloc, prefix, options.get("region"), _endpoint(options))


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = {name: value for name, value in pairs if value}
    for name, _ in pairs:
        if re.search("key|secret|token|password|credential", name, re.IGNORECASE):
            raise ValueError(NO_CREDENTIALS)
        if name not in OPTIONS:
            raise ValueError(
                f"?{name}= is no part of the URL, which knows {' and '.join(OPTIONS)}; "
                "everything else is a setting, plugin.s3.*"
            )
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("says something twice")
    return options


def _endpoint(options: dict[str, str]) -> str | None:
    endpoint = options.get("endpoint")
    if endpoint is None:
        return None
    if "@" in endpoint:
        raise ValueError(NO_CREDENTIALS)
    try:
        return absolute_url("http", "https")(endpoint)
    except ValueError as error:
        raise ValueError(f"the endpoint {error}") from None
