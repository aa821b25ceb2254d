"""search: devices for all claims of a pod on one node. Pure.

Claims, requests and alternatives are taken in their order; for each device that is needed one candidate after the other
is tried, and given back if what follows finds no solution. Within a request devices are taken in the order of the pools
only: which of them came first makes no difference.

Each point of choice is a generator: it takes something, yields what comes next, and gives back what it took when it is
resumed. So a search is as deep as it needs to be without deep calls, and can be counted. One that takes longer
remembers what did not work: whatever way led to the same devices being taken, the rest fails again.
Upstream: structured/internal/incubating/allocator_incubating.go. Upstream differences: a search ends after a number of
steps, not after a time, so that its outcome is always the same; selectors are asked only about devices that the node
can reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from steersman.scheduler.devices.capacity import CapacityError, consumption, fits
from steersman.scheduler.devices.constraints import Constraint, read_constraints
from steersman.scheduler.devices.holdings import Counters, Holdings
from steersman.scheduler.devices.model import tolerated
from steersman.scheduler.devices.pools import candidates
from steersman.scheduler.devices.wanted import AllocationError, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from steersman.api.meta.quantity import Quantity
    from steersman.scheduler.devices.allocated import Allocated
    from steersman.scheduler.devices.model import Device
    from steersman.scheduler.devices.pools import Pool
    from steersman.scheduler.devices.requests import Request
    from steersman.scheduler.devices.selectors import Selectors

    Choices: TypeAlias = Generator["Choices | None", None, None]

DEVICES_MAX = 32
"""Of one claim."""
STEPS_MAX = 200_000
"""Candidates that one search looks at."""
CYCLE_STEPS_MAX = 1_000_000
"""Candidates that all searches of one cycle look at: nobody else runs meanwhile."""
REMEMBER_AFTER = 200
"""Steps."""
REMEMBERED_MAX = 50_000
_EXCLUDING = ("NoExecute", "NoSchedule")


class NodeError(Exception):
    """Something is wrong with what one node is offered."""


class TooLongError(Exception):
    """A search was given up."""


class _TooMany(Exception):
    """The claim would have more devices than it may: others in place of the last ones do not help."""


@dataclass(frozen=True, slots=True, eq=False)
class Allotment:
    """A device for a request. `consumed`: of one that is shared."""

    request: Request
    device: Device
    consumed: Mapping[str, Quantity] | None = None


class Allocator:
    """For one cycle, in which nothing else is charged to `allocated`."""

    def __init__(self, *, allocated: Allocated, selectors: Selectors) -> None:
        self._allocated = allocated
        self._selectors = selectors
        self._counters = Counters(allocated=allocated)
        self._steps_left = CYCLE_STEPS_MAX

    def allocate(self, wanted: Sequence[Wanted], pools: Sequence[Pool]) -> list[list[Allotment]] | None:
        """The devices of each claim; None if there is no solution from these pools. Raises AllocationError,
        NodeError, SelectorError, TooLongError.
        """
        holdings = Holdings(allocated=self._allocated, counters=self._counters)
        search = _Search(self._selectors, holdings, wanted, pools, min(STEPS_MAX, self._steps_left))
        try:
            found = search.run()
        finally:
            self._steps_left -= search.steps
        if found is None and any(pool.invalid for pool in pools):
            raise NodeError("invalid resource pools were encountered")
        return found


@dataclass(slots=True)
class _Search:
    selectors: Selectors
    holdings: Holdings
    wanted: Sequence[Wanted]
    pools: Sequence[Pool]
    steps_max: int
    candidates: Sequence[tuple[Pool, Device]] = ()
    constraints: list[list[Constraint]] = field(default_factory=list)
    results: list[list[Allotment]] = field(default_factory=list)
    every: dict[Request, list[tuple[Pool, Device]]] = field(default_factory=dict)
    """Of requests for all devices: which these are."""
    steps: int = 0
    failed: dict[object, bool] = field(default_factory=dict)
    """States from which there is no solution; whether there would be too many devices."""

    def run(self) -> list[list[Allotment]] | None:
        self.candidates = tuple(candidates(self.pools))
        for wanted in self.wanted:
            self._measure(wanted)
            self.constraints.append(read_constraints(wanted.claim))
            self.results.append([])
        stack: list[Choices] = [self._claim(0)]
        too_many = False
        while stack:
            try:
                choice = stack[-1].throw(_TooMany()) if too_many else next(stack[-1])
            except StopIteration:
                stack.pop()
                too_many = False
            except _TooMany:
                stack.pop()
                too_many = True
            else:
                too_many = False
                if choice is None:
                    break
                stack.append(choice)
        found = [list(each) for each in self.results] if stack else None
        for each in reversed(stack):
            each.close()  # each gives back what it took
        return found

    # -- what a claim asks for

    def _measure(self, wanted: Wanted) -> None:
        total = 0
        for alternatives in wanted.requests:
            least = min(self._number(wanted, request) for request in alternatives)
            if total + least > DEVICES_MAX:
                raise AllocationError(
                    f"claim {wanted}, request {alternatives[0].parent or alternatives[0].name}: adding {least} devices "
                    f"exceeds the claim limit of {DEVICES_MAX}, with {total} already accounted for"
                )
            total += least

    def _number(self, wanted: Wanted, request: Request) -> int:
        """How many devices a request is for."""
        if not request.all:
            return request.count
        known = self.every.get(request)
        if known is None:
            known = self.every[request] = self._all_devices(wanted, request)
        return len(known)

    def _all_devices(self, wanted: Wanted, request: Request) -> list[tuple[Pool, Device]]:
        where = f"claim {wanted}, request {request.name}"
        found: list[tuple[Pool, Device]] = []
        for pool in self.pools:
            if not pool.usable:
                state = "currently being updated" if pool.incomplete else "currently invalid"
                raise AllocationError(f"{where}: asks for all devices, but resource pool {pool.id} is {state}")
            found += [
                (pool, device)
                for device in pool.devices
                if self._selected(wanted, request, device) and self._fits(wanted, request, device, empty=True)
            ]
        return found

    def _selected(self, wanted: Wanted, request: Request, device: Device) -> bool:
        of_class = wanted.classes[request.device_class]
        return self.selectors.class_matches(of_class, device) and self.selectors.claim_matches(
            wanted.claim, request, device
        )

    def _fits(self, wanted: Wanted, request: Request, device: Device, *, empty: bool = False) -> bool:
        """Whether the capacity that is left is enough; `empty`: if nothing were taken."""
        if not request.capacity and not device.shared:
            return True
        used = () if empty else self.holdings.used(device)
        try:
            return fits(request.capacity, device.capacity, *used)
        except CapacityError as error:
            where = f"claim {wanted}, request {request.name}"
            raise AllocationError(f"{where}: checking capacity for device {device.id}: {error}") from None

    # -- points of choice

    def _claim(self, index: int) -> Choices:
        if index == len(self.wanted):
            yield None
            return
        try:
            yield self._request(index, 0)
        except _TooMany:
            return  # an earlier claim may leave it an alternative that needs fewer

    def _request(self, index: int, at: int) -> Choices:
        state = self._state(index, at) if self.steps > REMEMBER_AFTER else None
        if state in self.failed:
            if self.failed[state]:
                raise _TooMany
            return
        too_many = True
        try:
            yield from self._alternatives(index, at)
            too_many = False
        finally:
            if state is not None and len(self.failed) < REMEMBERED_MAX:
                self.failed[state] = too_many

    def _alternatives(self, index: int, at: int) -> Choices:
        wanted = self.wanted[index]
        if at == len(wanted.requests):
            yield self._claim(index + 1)
            return
        too_many = 0
        for request in wanted.requests[at]:
            try:
                yield self._device(index, at, request, 0, 0)
            except _TooMany:
                too_many += 1
        if too_many == len(wanted.requests[at]):
            raise _TooMany

    def _device(self, index: int, at: int, request: Request, number: int, start: int) -> Choices:
        """`number`: devices that the request has already. `start`: the first candidate that is tried."""
        wanted = self.wanted[index]
        needed = self._number(wanted, request)
        if number == needed and needed:
            yield self._request(index, at + 1)
            return
        if needed - number > DEVICES_MAX - len(self.results[index]):
            raise _TooMany
        if request.all:
            for pool, device in self.every[request][number : number + 1]:
                undo = self._take(index, request, pool, device, must=True)
                if undo is not None:
                    yield from _then(self._device(index, at, request, number + 1, 0), undo)
            return
        for place in range(start, len(self.candidates)):
            pool, device = self.candidates[place]
            self._step()
            if not self.holdings.free(index, device, admin=request.admin):
                continue
            if not self._selected(wanted, request, device):
                continue
            if not self._fits(wanted, request, device):
                continue
            undo = self._take(index, request, pool, device)
            if undo is not None:
                yield from _then(self._device(index, at, request, number + 1, place + 1), undo)

    def _state(self, index: int, at: int) -> object:
        """All that what follows depends on."""
        constraints = tuple(each.state for each in self.constraints[index])
        return index, at, len(self.results[index]), self.holdings.state(index), constraints

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.steps_max:
            raise TooLongError

    # -- one device

    def _take(
        self, index: int, request: Request, pool: Pool, device: Device, *, must: bool = False
    ) -> Callable[[], None] | None:
        """Give a device to a request, if nothing is against it; what is to be called to take it back. `must`: no
        other device will do.
        """
        wanted, holdings = self.wanted[index], self.holdings
        if not holdings.free(index, device, admin=request.admin):
            return None
        taints = device.spec.get("taints") or ()
        if any(each.get("effect") in _EXCLUDING and not tolerated(each, request.tolerations) for each in taints):
            return None
        counting = pool if holdings.counts(device) else None
        if counting is not None and not holdings.countable(counting, device):
            return None
        added = list[Constraint]()
        for constraint in self.constraints[index]:
            if not constraint.add(request, device):
                for each in added:
                    each.remove(request)
                if must:
                    why = "because a claim constraint would not be satisfied"
                    where = f"claim {wanted}, request {request.name}"
                    raise AllocationError(f"{where}: cannot add device {device.id} {why}")
                return None
            added.append(constraint)
        if must and not self._fits(wanted, request, device):
            for each in added:
                each.remove(request)
            return None
        consumed = consumption(request.capacity, device.capacity) if device.shared else None
        holdings.take(index, device, consumed, counting)
        self.results[index].append(Allotment(request, device, consumed))

        def undo() -> None:
            self.results[index].pop()
            holdings.give_back(index, device, consumed, counting)
            for constraint in added:
                constraint.remove(request)

        return undo


def _then(following: Choices, undo: Callable[[], None]) -> Choices:
    """What follows; after it has failed, `undo`."""
    try:
        yield following
    finally:
        undo()
