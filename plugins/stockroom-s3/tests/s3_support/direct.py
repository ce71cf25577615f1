"""Direct uploads step by step, as uv takes the steps (uv-client.md 7.3)."""

from __future__ import annotations

import json

from stockroom.spi import DirectUpload
from tests.support.server import ServerProcess
from tests.support.site import form_fields
from tests.support.uploads import UPLOAD, Answer, encode, send, text_parts


class DirectClient:
    """A client that publishes one file; ``key`` is its API key."""

    def __init__(self, server: ServerProcess, file: tuple[str, bytes], key: str) -> None:
        self._server = server
        self._filename, self.content = file
        self._key = key

    def reserve(self) -> DirectUpload:
        """Ask for a place."""
        answer = self._announce("reserve")
        assert answer.status == 201, answer
        told = json.loads(answer.body)
        return DirectUpload(told["upload_url"], told["upload_headers"])

    def finalize(self) -> Answer:
        """Ask for the file to be published."""
        return self._announce("finalize")

    def _announce(self, step: str) -> Answer:
        fields = {**form_fields(self._filename, self.content), "filename": self._filename}
        body = encode(text_parts(fields.items()))
        headers = {"Accept": "text/plain"}
        return send(self._server, body, self._key, headers=headers, path=f"{UPLOAD}/{step}")
