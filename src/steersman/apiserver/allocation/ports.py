"""Node ports: which are taken, by whom, and which comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Iterable

_STATIC_MIN, _STATIC_MAX, _STATIC_SHARE = 16, 128, 32
_DRY_RUN_BEFORE = 32768
"""A dry run names the port after this one, without looking."""


class PortRefused(Exception):
    """The message is upstream's."""


@dataclass(frozen=True, slots=True)
class PortRange:
    """From `low` to `high`, both included. The lowest are chosen last (KEP-3668)."""

    low: int
    high: int

    def __contains__(self, port: int) -> bool:
        return self.low <= port <= self.high

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    @property
    def static_size(self) -> int:
        if self.size <= _STATIC_MIN:
            return 0
        return min(max(_STATIC_MIN, self.size // _STATIC_SHARE), _STATIC_MAX)


class PortLedger:
    """Ports in use, derived from the Services that there are, and those that writes in flight have reserved."""

    def __init__(self, ports: PortRange) -> None:
        self.range = ports
        self._of: dict[str, frozenset[int]] = {}
        self._users: dict[int, set[str]] = {}
        self._reserved: set[int] = set()
        self._settling: dict[str, set[int]] = {}

    # -- what Services have

    def put(self, key: str, ports: Iterable[int]) -> None:
        """The Service `key` has exactly these ports."""
        self._forget(key)
        held = frozenset(ports)
        if held:
            self._of[key] = held
            for port in held:
                self._users.setdefault(port, set()).add(key)
        self._settle(key)

    def remove(self, key: str) -> None:
        self._forget(key)
        self._reserved -= self._settling.pop(key, set())

    def clear(self) -> None:
        """All Services will be told again."""
        self._of.clear()
        self._users.clear()
        for ports in self._settling.values():
            self._reserved -= ports
        self._settling.clear()

    def _forget(self, key: str) -> None:
        for port in self._of.pop(key, ()):
            users = self._users[port]
            users.discard(key)
            if not users:
                del self._users[port]

    # -- what writes reserve

    def reserve(self, port: int) -> None:
        """Raises PortRefused."""
        if port not in self.range:
            raise PortRefused(f"provided port is not in the valid range. The range of valid ports is {self.range}")
        if port in self:
            raise PortRefused("provided port is already allocated")
        self._reserved.add(port)

    def reserve_next(self, rng: random.Random) -> int:
        """Raises PortRefused when the range is full."""
        low, static, size = self.range.low, self.range.static_size, self.range.size
        for start, end in ((static, size), (0, static)):
            count = end - start
            if count <= 0:
                continue
            shift = rng.randrange(count)
            for step in range(count):
                port = low + start + (shift + step) % count
                if port not in self:
                    self._reserved.add(port)
                    return port
        raise PortRefused("range is full")

    def unreserve(self, ports: Collection[int]) -> None:
        """The write failed."""
        self._reserved.difference_update(ports)

    def confirm(self, key: str, ports: Collection[int]) -> None:
        """The write succeeded: the ports stay reserved until the Service is seen with them."""
        if ports:
            self._settling.setdefault(key, set()).update(ports)
            self._settle(key)

    def _settle(self, key: str) -> None:
        waiting = self._settling.get(key)
        if not waiting:
            return
        seen = waiting & self._of.get(key, frozenset())
        self._reserved -= seen
        waiting -= seen
        if not waiting:
            del self._settling[key]

    # -- questions

    def __contains__(self, port: int) -> bool:
        return port in self._reserved or port in self._users

    def __len__(self) -> int:
        """Ports in use or reserved."""
        return len(self._reserved | self._users.keys())

    def users(self, port: int) -> frozenset[str]:
        return frozenset(self._users.get(port, ()))


class PortOperation:
    """One write's dealings with the ledger. A dry run reserves nothing, and so may promise what is gone later."""

    def __init__(self, ledger: PortLedger, rng: random.Random, *, dry_run: bool) -> None:
        self._ledger = ledger
        self._rng = rng
        self._dry_run = dry_run
        self.taken: list[int] = []

    def allocate(self, port: int) -> None:
        """Raises PortRefused."""
        if not self._dry_run:
            self._ledger.reserve(port)
        elif port in self._ledger or port in self.taken:
            raise PortRefused("provided port is already allocated")
        self.taken.append(port)

    def allocate_next(self) -> int:
        """Raises PortRefused."""
        dummy = max(self.taken, default=_DRY_RUN_BEFORE) + 1
        port = dummy if self._dry_run else self._ledger.reserve_next(self._rng)
        self.taken.append(port)
        return port

    def revert(self) -> None:
        if not self._dry_run:
            self._ledger.unreserve(self.taken)
        self.taken = []

    def commit(self, key: str) -> None:
        """`key` names the Service that has them now."""
        if not self._dry_run:
            self._ledger.confirm(key, self.taken)
        self.taken = []
