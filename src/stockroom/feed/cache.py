"""A bounded cache that never keeps what was changed while it was being loaded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

G = TypeVar("G")
K = TypeVar("K")
V = TypeVar("V")


class _Load:
    __slots__ = ("done", "stale")

    def __init__(self) -> None:
        self.done = Event()
        self.stale = False


class _Group(Generic[K, V]):
    __slots__ = ("values", "weight")

    def __init__(self) -> None:
        self.values: dict[K, V] = {}
        self.weight = 0


class CoherentCache(Generic[G, K, V]):
    """Values in groups; a group is what one change touches, and is evicted as a whole.

    Threads that want the same absent value wait for the first of them to load it. A load that is
    overtaken by :meth:`drop` is answered to its own caller, who asked before the change, but it is
    not kept: those who waited for it load anew. ``capacity`` is in units of ``weigh``, which is one
    per value by default; the least recently used groups go first.
    """

    def __init__(self, capacity: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._groups: OrderedDict[G, _Group[K, V]] = OrderedDict()
        self._loads: dict[tuple[G, K], _Load] = {}
        self._lock = Lock()
        self.weight = 0

    def get(self, group: G, key: K) -> V | None:
        """The value, or None when it is not there."""
        with self._lock:
            found = self._groups.get(group)
            if found is None:
                return None
            self._groups.move_to_end(group)
            return found.values.get(key)

    def load(self, group: G, key: K, loader: Callable[[], V]) -> V:
        """The value, made by ``loader`` when it is absent; what ``loader`` raises is passed on."""
        mine = _Load()
        while True:
            with self._lock:
                found = self._groups.get(group)
                if found is not None and key in found.values:
                    return found.values[key]
                other = self._loads.get((group, key))
                if other is None:
                    self._loads[group, key] = mine
                    break
            other.done.wait()
        try:
            value = loader()
        except BaseException:
            self._finish(group, key, mine)
            raise
        with self._lock:
            if not mine.stale:
                self._store(group, key, value)
        self._finish(group, key, mine)
        return value

    def drop(self, group: G) -> None:
        """Forget everything in ``group``, and do not keep what is being loaded for it."""
        with self._lock:
            gone = self._groups.pop(group, None)
            if gone is not None:
                self.weight -= gone.weight
            for wanted in [key for key in self._loads if key[0] == group]:
                self._loads.pop(wanted).stale = True

    def drop_groups(self, touched: Callable[[G], bool]) -> None:
        """Forget such groups, and do not keep what is being loaded for them."""
        with self._lock:
            for group in [group for group in self._groups if touched(group)]:
                self.weight -= self._groups.pop(group).weight
            for wanted in [key for key in self._loads if touched(key[0])]:
                self._loads.pop(wanted).stale = True

    def discard(self, group: G, key: K, value: V) -> None:
        """Forget a value by itself, unless another one has taken its place."""
        with self._lock:
            found = self._groups.get(group)
            if found is not None and found.values.get(key) is value:
                weight = self._weigh(found.values.pop(key))
                found.weight -= weight
                self.weight -= weight

    def drop_if(self, touched: Callable[[V], bool]) -> None:
        """Forget the groups with such a value, and do not keep anything that is being loaded."""
        with self._lock:
            gone = [
                group
                for group, kept in self._groups.items()
                if any(touched(value) for value in kept.values.values())
            ]
            for group in gone:
                self.weight -= self._groups.pop(group).weight
            self._give_up_loads()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._groups.clear()
            self.weight = 0
            self._give_up_loads()

    def _give_up_loads(self) -> None:
        for load in self._loads.values():
            load.stale = True
        self._loads.clear()

    def _store(self, group: G, key: K, value: V) -> None:
        weight = self._weigh(value)
        if weight > self._capacity:
            return
        kept = self._groups.setdefault(group, _Group())
        kept.values[key] = value
        kept.weight += weight
        self.weight += weight
        self._groups.move_to_end(group)
        while self.weight > self._capacity:
            _, oldest = self._groups.popitem(last=False)
            self.weight -= oldest.weight

    def _finish(self, group: G, key: K, load: _Load) -> None:
        with self._lock:
            if self._loads.get((group, key)) is load:
                del self._loads[group, key]
        load.done.set()
