"""The cache that never keeps what was changed while it was being loaded."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest

from stockroom.feed import CoherentCache
from tests.support.waiting import Gate, Worker

Cache = CoherentCache[str, str, str]


class Source:
    """Something slow that is loaded from, and counts how often."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.loads = 0

    def __call__(self) -> str:
        self.loads += 1
        return self.value


class GatedSource(Source):
    """A source that has read its value, but does not return before the test lets it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.gate = Gate()

    def __call__(self) -> str:
        value = super().__call__()
        self.gate.stop_here()
        return value


@pytest.fixture
def cache() -> Cache:
    return CoherentCache(10)


def forbidden() -> str:
    raise AssertionError("this must not be loaded")


def test_what_was_loaded_is_kept(cache: Cache) -> None:
    source = Source("value")

    values = [cache.load("group", "key", source) for _ in range(3)]

    assert values == ["value"] * 3
    assert source.loads == 1
    assert cache.get("group", "key") == "value"


def test_what_was_never_loaded_is_absent(cache: Cache) -> None:
    cache.load("group", "key", Source("value"))

    assert cache.get("group", "other") is None
    assert cache.get("other", "key") is None


def test_none_is_a_value_that_is_kept() -> None:
    cache: CoherentCache[str, str, str | None] = CoherentCache(10)
    cache.load("group", "key", lambda: None)

    assert cache.load("group", "key", forbidden) is None


def test_drop_forgets_a_group_and_no_other(cache: Cache) -> None:
    for group in ("one", "two"):
        for key in ("a", "b"):
            cache.load(group, key, Source(group + key))

    cache.drop("one")

    assert [cache.get("one", key) for key in "ab"] == [None, None]
    assert [cache.get("two", key) for key in "ab"] == ["twoa", "twob"]
    assert cache.weight == 2


def test_dropping_what_is_not_there_changes_nothing(cache: Cache) -> None:
    cache.load("group", "key", Source("value"))

    cache.drop("other")

    assert cache.get("group", "key") == "value"


def test_clear_forgets_everything(cache: Cache) -> None:
    cache.load("one", "a", Source("value"))
    cache.load("two", "a", Source("value"))

    cache.clear()

    assert cache.get("one", "a") is cache.get("two", "a") is None
    assert cache.weight == 0


def test_the_weight_is_bounded_and_the_least_recently_used_group_goes_first() -> None:
    cache: Cache = CoherentCache(10, len)
    cache.load("old", "a", Source("1234"))
    cache.load("used", "a", Source("1234"))
    cache.get("old", "a")

    cache.load("new", "a", Source("123"))

    assert cache.get("used", "a") is None
    assert cache.get("old", "a") == "1234"
    assert cache.weight == 7


def test_a_load_is_a_use_of_its_group() -> None:
    cache: Cache = CoherentCache(10, len)
    cache.load("old", "a", Source("1234"))
    cache.load("used", "a", Source("1234"))
    cache.load("old", "b", Source("1"))

    cache.load("new", "a", Source("1234"))

    assert cache.get("used", "a") is None
    assert cache.get("old", "a") == "1234"


def test_a_value_heavier_than_everything_is_answered_but_not_kept() -> None:
    cache: Cache = CoherentCache(10, len)
    cache.load("small", "a", Source("1"))

    value = cache.load("large", "a", Source("12345678901"))

    assert value == "12345678901"
    assert cache.get("large", "a") is None
    assert cache.get("small", "a") == "1"


def test_a_group_cannot_outgrow_the_bound() -> None:
    cache: Cache = CoherentCache(10, len)

    for key in map(str, range(100)):
        cache.load("group", key, Source("1234"))
        assert cache.weight <= 10


def test_the_weight_is_right_after_any_sequence_of_steps() -> None:
    cache: Cache = CoherentCache(50, len)
    dice = random.Random(7)
    steps: list[Callable[[str, str], object]] = [
        lambda group, key: cache.load(group, key, Source("x" * dice.randrange(60))),
        lambda group, key: cache.load(group, key, Source("x" * dice.randrange(20))),
        lambda group, _: cache.drop(group),
        cache.get,
    ]

    for _ in range(2000):
        dice.choice(steps)(dice.choice("abcdef"), dice.choice("xyz"))
        kept = (cache.get(group, key) for group in "abcdef" for key in "xyz")
        assert cache.weight == sum(len(value) for value in kept if value) <= 50


def test_what_the_loader_raises_is_passed_on_and_not_remembered(cache: Cache) -> None:
    def fail() -> str:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        cache.load("group", "key", fail)

    assert cache.load("group", "key", Source("value")) == "value"


def test_threads_that_want_the_same_load_it_once(cache: Cache) -> None:
    source = GatedSource("value")
    first = Worker(lambda: cache.load("group", "key", source))
    source.gate.wait()
    others = [Worker(lambda: cache.load("group", "key", forbidden)) for _ in range(4)]

    source.gate.open()

    assert [worker.result() for worker in (first, *others)] == ["value"] * 5
    assert source.loads == 1


def test_a_crowd_at_an_empty_cache_loads_once(cache: Cache) -> None:
    start = Barrier(8)
    source = Source("value")

    def ask() -> str:
        start.wait(10)
        return cache.load("group", "key", source)

    crowd = [Worker(ask) for _ in range(8)]

    assert {worker.result() for worker in crowd} == {"value"}
    assert source.loads == 1


def test_different_keys_are_loaded_at_the_same_time(cache: Cache) -> None:
    slow = GatedSource("slow")
    worker = Worker(lambda: cache.load("group", "slow", slow))
    slow.gate.wait()

    assert cache.load("group", "quick", Source("quick")) == "quick"

    slow.gate.open()
    assert worker.result() == "slow"


def test_after_a_failed_load_one_of_those_who_wait_tries_again(cache: Cache) -> None:
    gate = Gate()

    def fail() -> str:
        gate.stop_here()
        raise LookupError

    first = Worker(lambda: cache.load("group", "key", fail))
    gate.wait()
    source = Source("value")
    others = [Worker(lambda: cache.load("group", "key", source)) for _ in range(3)]
    gate.open()

    with pytest.raises(LookupError):
        first.result()
    assert [worker.result() for worker in others] == ["value"] * 3
    assert source.loads == 1


@pytest.mark.parametrize("overtake", [lambda cache: cache.drop("group"), CoherentCache.clear])
def test_a_load_overtaken_by_a_change_is_not_kept(
    cache: Cache, overtake: Callable[[Cache], None]
) -> None:
    before = GatedSource("before")
    worker = Worker(lambda: cache.load("group", "key", before))
    before.gate.wait()

    overtake(cache)
    before.gate.open()

    assert worker.result() == "before"
    assert cache.get("group", "key") is None
    assert cache.weight == 0


def test_who_asks_after_the_change_does_not_wait_for_the_overtaken_load(cache: Cache) -> None:
    before = GatedSource("before")
    worker = Worker(lambda: cache.load("group", "key", before))
    before.gate.wait()
    cache.drop("group")

    assert cache.load("group", "key", Source("after")) == "after"

    before.gate.open()
    assert worker.result() == "before"
    assert cache.get("group", "key") == "after"


def test_an_overtaken_load_that_ends_first_does_not_disturb_the_next(cache: Cache) -> None:
    before, after = GatedSource("before"), GatedSource("after")
    first = Worker(lambda: cache.load("group", "key", before))
    before.gate.wait()
    cache.drop("group")
    second = Worker(lambda: cache.load("group", "key", after))
    after.gate.wait()
    before.gate.open()
    assert first.result() == "before"

    third = Worker(lambda: cache.load("group", "key", forbidden))
    after.gate.open()

    assert second.result() == third.result() == "after"


def test_a_change_of_another_group_does_not_disturb_a_load(cache: Cache) -> None:
    source = GatedSource("value")
    worker = Worker(lambda: cache.load("group", "key", source))
    source.gate.wait()

    cache.drop("other")
    source.gate.open()

    assert worker.result() == "value"
    assert cache.get("group", "key") == "value"


def test_drop_if_forgets_the_groups_with_such_a_value_and_no_other(cache: Cache) -> None:
    for group, key in [("one", "a"), ("one", "b"), ("two", "a"), ("three", "c")]:
        cache.load(group, key, Source(group + key))

    cache.drop_if(lambda value: value in {"onea", "threec"})

    assert [cache.get("one", key) for key in "ab"] == [None, None]
    assert cache.get("two", "a") == "twoa"
    assert cache.get("three", "c") is None
    assert cache.weight == 1


def test_drop_if_without_such_a_value_forgets_nothing(cache: Cache) -> None:
    cache.load("group", "key", Source("value"))

    cache.drop_if(lambda _: False)

    assert cache.get("group", "key") == "value"
    assert cache.weight == 1


def test_drop_if_gives_up_every_load_since_nobody_knows_yet_what_it_will_find(cache: Cache) -> None:
    sources = {name: GatedSource(name) for name in ("one", "two")}
    workers = [Worker(partial(cache.load, name, "key", source)) for name, source in sources.items()]
    for source in sources.values():
        source.gate.wait()

    cache.drop_if(lambda _: False)
    for source in sources.values():
        source.gate.open()

    assert [worker.result() for worker in workers] == ["one", "two"]
    assert [cache.get(name, "key") for name in sources] == [None, None]
    assert cache.load("one", "key", Source("after")) == "after"


def test_groups_are_dropped_by_what_they_are_called() -> None:
    cache: CoherentCache[int, str, int] = CoherentCache(10)
    for group in (1, 2, 3):
        cache.load(group, "a", lambda: 0)

    cache.drop_groups(lambda group: group != 2)

    assert [cache.get(group, "a") for group in (1, 2, 3)] == [None, 0, None]
    assert cache.weight == 1


def test_what_is_being_loaded_for_a_group_that_is_dropped_is_not_kept() -> None:
    cache: CoherentCache[int, str, int] = CoherentCache(10)

    def load() -> int:
        cache.drop_groups(lambda group: group == 1)
        return 5

    assert cache.load(1, "a", load) == 5
    assert cache.load(2, "a", load) == 5
    assert (cache.get(1, "a"), cache.get(2, "a")) == (None, 5)


def test_a_value_is_discarded_unless_another_one_has_taken_its_place() -> None:
    cache: CoherentCache[int, str, list[int]] = CoherentCache(10, len)
    old, new = [1], [1]
    cache.load(1, "a", lambda: old)
    cache.load(1, "b", lambda: [1, 2])
    cache.discard(1, "a", old)
    cache.load(1, "a", lambda: new)

    cache.discard(1, "a", old)

    assert cache.get(1, "a") is new
    assert cache.weight == 3
