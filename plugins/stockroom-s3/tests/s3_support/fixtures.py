"""Fixtures: a store of each kind for the whole run, a prefix for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from botocore.loaders import create_loader

from s3_support.others import running_moto, running_rclone
from s3_support.recorder import Recorder, recording
from s3_support.store import Store
from s3_support.swift import running_swift
from tests.conftest import make_site, make_sqlite, sqlite_url, start_server

__all__ = [
    "make_site",
    "make_sqlite",
    "moto",
    "nothing_of_this_machine",
    "one_loader",
    "prefix",
    "rclone",
    "recorder",
    "sqlite_url",
    "start_server",
    "store",
    "swift",
]


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_swift(tmp_path_factory.mktemp("swift")) as store:
        yield store


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_moto(tmp_path_factory.mktemp("moto")) as store:
        yield store


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_rclone(tmp_path_factory.mktemp("rclone")) as store:
        yield store


@pytest.fixture
def store(moto: Store) -> Store:
    """The store of tests to which it does not matter; they may override this."""
    return moto


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    """Let all sessions of botocore read its descriptions of services once: half a second each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(create_loader))
        yield


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """boto3 finds the credentials of the store, and nothing else."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def prefix() -> str:
    """A prefix that no other test uses."""
    return f"tests/{secrets.token_hex(6)}"


@pytest.fixture
def recorder(store: Store) -> Iterator[Recorder]:
    """A proxy before the store."""
    with recording(store.endpoint) as recorder:
        yield recorder
