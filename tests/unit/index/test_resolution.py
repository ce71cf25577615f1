"""Which registries provide a package (S-64)."""

from __future__ import annotations

import pytest

from stockroom.index.resolution import Groups, providers


@pytest.mark.parametrize(
    ("groups", "having", "expected"),
    [
        ((), {1}, ()),
        (((1,),), set(), ()),
        (((1,),), {1}, (1,)),
        (((1,), (2,)), {1, 2}, (1,)),
        (((1,), (2,)), {2}, (2,)),
        (((1,), (2, 3)), {2, 3}, (2, 3)),
        (((3, 2), (1,)), {1, 2, 3}, (3, 2)),
        (((3, 2), (1,)), {2, 1}, (2,)),
    ],
)
def test_s64_the_first_group_that_has_it_wins_as_a_whole(
    groups: Groups, having: set[int], expected: tuple[int, ...]
) -> None:
    assert providers(groups, having) == expected
