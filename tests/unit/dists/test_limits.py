"""What an archive may ask of the server (U-79)."""

from __future__ import annotations

import pytest

from stockroom.dists.limits import (
    BOMB_BYTES,
    BOMB_RATIO,
    MAX_CHECKED_BYTES,
    MAX_UNPACKED_BYTES,
    MIN_CHECKED_BYTES,
    bytes_to_check,
    unpacks_too_large,
)


@pytest.mark.parametrize(
    ("unpacked", "packed", "too_large"),
    [
        (BOMB_BYTES, 1, False),
        (BOMB_BYTES + 1, 1, True),
        (BOMB_RATIO * 10 * 1024 * 1024, 10 * 1024 * 1024, False),
        (BOMB_RATIO * 10 * 1024 * 1024 + 1, 10 * 1024 * 1024, True),
        (MAX_UNPACKED_BYTES, MAX_UNPACKED_BYTES, False),
        (MAX_UNPACKED_BYTES + 1, MAX_UNPACKED_BYTES, True),
    ],
)
def test_u79_ratio_and_total_are_bounded(unpacked, packed, too_large):
    assert unpacks_too_large(unpacked, packed) is too_large


@pytest.mark.parametrize(
    ("packed", "checked"),
    [(1, MIN_CHECKED_BYTES), (2**26, 2**29), (2**40, MAX_CHECKED_BYTES)],
)
def test_u88_the_work_of_checking_grows_with_the_upload_alone(packed, checked):
    assert bytes_to_check(packed) == checked
