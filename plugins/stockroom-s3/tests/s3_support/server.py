"""A server process whose files are in a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s3_support.store import Store
from tests.support.access import RecordedServer
from tests.support.cli import stockroom_command


class S3Server(RecordedServer):
    """A server process; ``settings`` are those of the plugin.

    ``through`` is the address of a proxy before the store.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        store: Store,
        prefix: str,
        *,
        through: str | None = None,
        **settings: str,
    ) -> None:
        values: dict[str, Any] = {f"plugin.s3.{name}": each for name, each in settings.items()}
        values["stockroom.plugins"] = "s3"
        super().__init__(folder, database_url, environment=store.environment, **values)
        lines = [
            f"stockroom.storage = {store.url(prefix, through)}"
            if line.startswith("stockroom.storage")
            else line
            for line in self.ini.read_text().splitlines()
        ]
        self.ini.write_text("\n".join(lines) + "\n")

    def command(self, *arguments: str) -> str:
        """Run the `stockroom` command on this server, in this process because that is faster."""
        return stockroom_command("-c", self.ini, *arguments).stdout.strip()

    def make_key(self, role: str) -> str:
        """Make an API key for the workspace acme."""
        return self.command("key", "create", "--scope", "acme", "--role", role, "--quiet")
