"""Which registries provide a package (S-64)."""

from __future__ import annotations

import pytest

from stockroom.index.resolution import providers
from stockroom.resources import Member


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
    groups: tuple[tuple[int, ...], ...], having: set[int], expected: tuple[int, ...]
) -> None:
    view = tuple(tuple(Member(registry_id) for registry_id in group) for group in groups)

    assert providers(view, having) == expected
