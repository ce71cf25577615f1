"""The URL of the storage."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from stockroom_s3.location import Location, parse_location


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://wheels", Location("wheels", "", None, None)),
        ("s3://wheels/", Location("wheels", "", None, None)),
        ("s3://wheels/a/b.c", Location("wheels", "a/b.c/", None, None)),
        ("s3://wheels/a/?region=eu-west-1", Location("wheels", "a/", "eu-west-1", None)),
        ("s3://wheels?region=", Location("wheels", "", None, None)),
        (
            "s3://wheels?endpoint=https://store.example:9000/",
            Location("wheels", "", None, "https://store.example:9000"),
        ),
    ],
)
def test_the_url_says_where_the_objects_are(url: str, location: Location) -> None:
    assert parse_location(urlsplit(url)) == location


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3:///prefix", "must name a bucket"),
        ("s3://x", "must name a bucket"),
        ("s3://wheels:9000", "must name a bucket"),
        ("s3://wheels/../other", "prefix"),
        ("s3://wheels/a//b", "prefix"),
        ("s3://wheels/a%20b", "prefix"),
        ("s3://wheels#part", "#"),
        ("s3://wheels?regoin=x", r"\?regoin= is no part .*endpoint and region.*plugin\.s3"),
        ("s3://wheels?region=a&region=b", "twice"),
        ("s3://wheels?endpoint=store.example", "the endpoint must be a URL"),
        ("s3://wheels?endpoint=ftp://store.example", "the endpoint must be a URL"),
    ],
)
def test_a_url_that_says_something_else_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_location(urlsplit(url))


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hush@wheels",
        "s3://KEY@wheels/prefix",
        "s3://wheels?access_key=hush",
        "s3://wheels?aws_secret_access_key=hush",
        "s3://wheels?session_token=hush",
        "s3://wheels?endpoint=https://KEY:hush@store.example",
    ],
)
def test_credentials_have_no_place_in_the_url_and_are_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="AWS_ACCESS_KEY_ID") as caught:
        parse_location(urlsplit(url))

    assert "hush" not in str(caught.value)
