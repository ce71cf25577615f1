"""What a person is told when signing in fails, and what the operator finds in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from stockroom.spi import LoginRefused
from stockroom_sso.transport import Failed

log = logging.getLogger(__name__)


@contextmanager
def told(method: str) -> Iterator[None]:
    """Turn a failure of ``method`` into a sentence for the person, and a warning in the log."""
    try:
        yield
    except Failed as error:
        log.warning("signing in with %s failed: %s", method, error)
        raise LoginRefused(
            f"Signing in did not work: {error}. Try again, and tell your administrator if it "
            "goes on."
        ) from None
