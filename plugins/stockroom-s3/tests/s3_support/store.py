"""What tests know of an object store, and how they speak to it past the storage."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from stockroom_s3.location import parse_location
from stockroom_s3.settings import S3Settings
from stockroom_s3.storage import S3Storage

START_SECONDS = 30
BETWEEN_LOOKS = 0.05
"""Seconds between two looks at a store that is starting."""
REGION = "us-east-1"


@dataclass(frozen=True)
class Store:
    """An object store that runs."""

    endpoint: str
    key: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """Where boto3 finds the credentials, and nothing else of this machine."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @cached_property
    def session(self) -> boto3.session.Session:
        """A session with the store's credentials; to make one takes a while."""
        return boto3.session.Session(self.key, self.secret, region_name=REGION)

    @cached_property
    def client(self) -> Any:
        """A client of its own, to look behind the storage's back."""
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        return self.session.client("s3", endpoint_url=self.endpoint, config=config)

    @cached_property
    def bucket(self) -> str:
        """A bucket, made when it is first asked for."""
        name = f"wheels-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name

    def url(self, prefix: str, endpoint: str | None = None) -> str:
        """The URL of a storage."""
        return f"s3://{self.bucket}/{prefix}?region={REGION}&endpoint={endpoint or self.endpoint}"

    def open(
        self, prefix: str, seconds: float = 0, *, through: str | None = None, **settings: Any
    ) -> S3Storage:
        """The storage below a prefix, as a process sees it whose clock is ``seconds`` ahead.

        ``through`` is the address of a proxy before the store.
        """
        location = parse_location(urlsplit(self.url(prefix, through)))
        options = S3Settings(**settings)
        return S3Storage(location, options, lambda: time.time() + seconds, self.session)

    def keys(self, prefix: str) -> list[str]:
        """The keys of all objects below a prefix, without it."""
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{prefix}/")
        return [each["Key"].removeprefix(f"{prefix}/") for each in found.get("Contents", ())]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Processes:
    """Processes that are started together and ended together; each has a log in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str | Path, environment: Mapping[str, str] = {}) -> None:
        """Start a process."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    def wait_for(self, answers: Callable[[], bool]) -> None:
        """Wait until all is well, or say why it is not."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            for name, process in self._running.items():
                if process.poll() is not None:
                    self._fail(f"{name} ended with {process.returncode}")
            if time.monotonic() > deadline:
                self._fail(f"no answer within {START_SECONDS} s")
            time.sleep(BETWEEN_LOOKS)

    def _fail(self, what: str) -> None:
        logs = "\n".join(self._log(name).read_text("utf-8", "replace") for name in self._running)
        raise RuntimeError(f"{what}:\n{logs}")

    def stop(self) -> None:
        """End all processes."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(20)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def listens(port: int) -> bool:
    """Whether anything takes connections at a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
