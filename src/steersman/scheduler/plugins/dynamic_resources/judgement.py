"""judgement: whether a node can serve all claims of a pod, and with which devices. Pure.

One is made per cycle. Nodes that reach the same pools are searched once.
Upstream: pkg/scheduler/framework/plugins/dynamicresources (Filter), extendeddynamicresources.go. Upstream differences:
a pod with claims whose extended resources all come from a device plugin needs no claim for these.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.node_affinity import compile_node_selector
from steersman.api.meta.quantity import parse
from steersman.scheduler.devices.claims import allocation_of
from steersman.scheduler.devices.conditions import DeviceFailedError, is_overdue, is_ready
from steersman.scheduler.devices.extended_resources import Needs, plan_requests
from steersman.scheduler.devices.search import Allotment, NodeError, TooLongError
from steersman.scheduler.devices.selectors import SelectorError
from steersman.scheduler.devices.wanted import AllocationError, Wanted, want
from steersman.scheduler.framework import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from steersman.api.core.node_affinity import NodePredicate
    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.pools import Pool
    from steersman.scheduler.devices.recall import Found, Kind, Recall
    from steersman.scheduler.devices.search import Allocator
    from steersman.scheduler.devices.tracker import Tracker
    from steersman.scheduler.snapshot import Mask, Snapshot

ALTERNATIVES_MAX = 8
"""Of a request; the best one scores as much."""
_NEEDLESS = Needs((), ())
_NO_CLAIMS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one node: why it cannot serve the pod, or what each claim gets that is to be allocated."""

    reason: str = ""
    wanted: Sequence[Wanted] = ()
    allotments: Sequence[Sequence[Allotment]] = ()
    special: Object | None = None
    """The claim for extended resources as it is for this node, if any of them comes from a device."""
    mappings: Sequence[Object] = ()
    """Which container uses which of its requests."""


_NOTHING = Outcome("cannot allocate all claims")


@dataclass(slots=True)
class Judgement:
    """Of one pod. `claims`: those it names; `special`: the one for its extended resources, which may not be there yet
    (it has no requests then). `extended`: amounts of extended resources.
    """

    pod_spec: Object
    claims: Sequence[Object]
    special: Object | None
    extended: Mapping[str, int]
    tracker: Tracker
    allocator: Allocator
    recall: Recall
    now: datetime
    timeout_s: float
    """How long devices are waited for that have conditions."""
    unavailable: set[int] = field(default_factory=set)
    """Claims that some node could not use though they are allocated."""
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _selectors: list[NodePredicate | None] | None = None
    _overdue: set[int] = field(default_factory=set)
    _wanted: list[Wanted] = field(default_factory=list)
    _variants: dict[frozenset[str], tuple[Wanted, Needs]] = field(default_factory=dict)
    _searched: dict[tuple[tuple[Pool, ...], frozenset[str]], Found] = field(default_factory=dict)
    _kinds: dict[frozenset[str], Kind] = field(default_factory=dict)

    def of(self, node: Object) -> Outcome:
        """Raises PluginError if it cannot be said of any node."""
        name = node["metadata"]["name"]
        known = self._outcomes.get(name)
        if known is None:
            known = self._outcomes[name] = self._judge(node)
        return known

    def refused(self, snapshot: Snapshot, left: Mask) -> Iterator[tuple[str, Mask]]:
        """Which nodes of those that are `left` cannot serve the pod, by reason. Raises PluginError."""
        others: dict[str, list[int]] = {}

        def serves(node: Object) -> bool | None:
            outcome = self.of(node)
            if outcome.reason and outcome is not _NOTHING:
                others.setdefault(outcome.reason, []).append(snapshot.index[node["metadata"]["name"]])
                return None
            return outcome is not _NOTHING

        if self._is_plain:
            without = self._kind(self._to_allocate(), _NO_CLAIMS).without(snapshot, left, serves)
        else:
            columns = map(int, np.flatnonzero(left))
            without = snapshot.none()
            without[[column for column in columns if serves(snapshot.nodes[column]) is False]] = True
        yield _NOTHING.reason, without
        for reason, those in others.items():
            nodes = snapshot.none()
            nodes[those] = True
            yield reason, nodes

    @property
    def _is_plain(self) -> bool:
        """Whether it is about the devices of claims alone: then what is known of other pods of its kind holds."""
        return self.special is None and all(allocation_of(claim) is None for claim in self.claims)

    @property
    def has_alternatives(self) -> bool:
        """Whether nodes can be more or less good."""
        return any(request.get("firstAvailable") for claim in self.claims for request in _requests(claim))

    def score(self, node: Object) -> int:
        """How good the alternatives are that claims get on a node that can serve them."""
        outcome = self.of(node)
        total = 0
        for wanted, allotments in zip(outcome.wanted, outcome.allotments, strict=True):
            total += _score(wanted.claim, {each.request.full_name for each in allotments})
        for claim in self.claims:
            results = ((allocation_of(claim) or {}).get("devices") or {}).get("results") or ()
            total += _score(claim, {each["request"] for each in results})
        return total

    def _judge(self, node: Object) -> Outcome:
        special, needs, lacking = None, _NEEDLESS, _NO_CLAIMS
        if self.special is not None:
            if _requests(self.special):
                return Outcome("cannot schedule extended resource claim")
            reason, lacking = self._lacking(node)
            if reason:
                return Outcome(reason)
            if lacking:
                special, needs = self._variant(lacking)
            elif not self.claims:
                return Outcome()
        unavailable = self._unavailable(node)
        wanted = [*self._to_allocate(), *([special] if special is not None else ())]
        found = self._search(wanted, node, lacking)
        if found is None:
            return _NOTHING
        if isinstance(found, Outcome):
            return found
        if unavailable:
            self.unavailable |= unavailable
            return Outcome("resourceclaim not available on the node")
        return Outcome("", wanted, found, special.claim if special is not None else None, needs.mappings)

    # -- claims that are allocated

    def _unavailable(self, node: Object) -> set[int]:
        if self._selectors is None:
            self._look()
        assert self._selectors is not None
        return {at for at, matches in enumerate(self._selectors) if matches is not None and not matches(node)} | (
            self._overdue
        )

    def _look(self) -> None:
        """What holds for all nodes."""
        self._selectors = []
        for at, claim in enumerate(self.claims):
            allocation = allocation_of(claim) or {}
            selector = allocation.get("nodeSelector")
            self._selectors.append(compile_node_selector(selector) if selector is not None else None)
            try:
                ready = not allocation or is_ready(claim)
            except DeviceFailedError:
                self._overdue.add(at)
                continue
            if not ready and is_overdue(claim, now=self.now, timeout_s=self.timeout_s):
                self._overdue.add(at)

    # -- claims that are not

    def _to_allocate(self) -> list[Wanted]:
        if not self._wanted:
            with _asked():
                missing = (claim for claim in self.claims if allocation_of(claim) is None)
                self._wanted = [want(claim, self.tracker.device_class) for claim in missing]
        return self._wanted

    def _search(self, wanted: Sequence[Wanted], node: Object, variant: frozenset[str]) -> Found | Outcome:
        if not wanted:
            return ()
        name, pools = node["metadata"]["name"], self.tracker.inventory.pools(node)
        kind = self._kind(wanted, variant)
        known = kind.get(name, pools)
        if known is not None:
            return known[0]
        key = (pools, variant)
        if key in self._searched:
            found = self._searched[key]
        else:
            try:
                with _asked():
                    found = self._searched[key] = self.allocator.allocate(wanted, pools)
            except NodeError as error:
                return Outcome(str(error))
            except TooLongError:
                raise PluginError(f"node {name}: timed out trying to allocate devices") from None
        kind.put(name, pools, found)
        return found

    def _kind(self, wanted: Sequence[Wanted], variant: frozenset[str]) -> Kind:
        kind = self._kinds.get(variant)
        if kind is None:
            kind = self._kinds[variant] = self.recall.kind(wanted)
        return kind

    # -- extended resources

    def _lacking(self, node: Object) -> tuple[str, frozenset[str]]:
        """Why the node cannot have the pod, or which extended resources have to come from devices there."""
        there = (node.get("status") or {}).get("allocatable") or {}
        lacking = set[str]()
        for resource in self.extended:
            if self.tracker.class_of_resource(resource) is not None and not parse(there.get(resource) or "0"):
                lacking.add(resource)
            elif resource not in there:
                return "cannot fit resource", frozenset()
        return "", frozenset(lacking)

    def _variant(self, lacking: frozenset[str]) -> tuple[Wanted, Needs]:
        known = self._variants.get(lacking)
        if known is None:
            assert self.special is not None
            served = ((each, self.tracker.class_of_resource(each)) for each in lacking)
            classes = {resource: name["metadata"]["name"] for resource, name in served if name is not None}
            needs = plan_requests(self.pod_spec, classes)
            claim = self.special | {"spec": {"devices": {"requests": list(needs.requests)}}}
            with _asked():
                known = self._variants[lacking] = (want(claim, self.tracker.device_class), needs)
        return known


@contextmanager
def _asked() -> Iterator[None]:
    """What is wrong with claims and classes keeps the pod off all nodes."""
    try:
        yield
    except (AllocationError, SelectorError) as error:
        raise PluginError(str(error)) from error


def missing_class(claim: Object, class_of: Callable[[str], Object | None]) -> str:
    """Why a claim cannot be allocated anywhere as long as there are no other classes; nothing if there are all."""
    metadata = claim["metadata"]
    for request in _requests(claim):
        if request.get("exactly") is not None:
            named = [(request["name"], request["exactly"])]
        else:
            named = [(f"{request['name']}/{each['name']}", each) for each in request.get("firstAvailable") or ()]
        if not named:
            where = f"resource claim {metadata['namespace']}/{metadata['name']}, request {request['name']}"
            return f"{where}: unknown request type"
        for name, spec in named:
            wanted = spec.get("deviceClassName") or ""
            if not wanted:
                raise PluginError(f"request {name}: unsupported request type")
            if class_of(wanted) is None:
                return f"request {name}: device class {wanted} does not exist"
    return ""


def _requests(claim: Object) -> Sequence[Object]:
    return (claim["spec"].get("devices") or {}).get("requests") or ()


def _score(claim: Object, granted: set[str]) -> int:
    return sum(
        ALTERNATIVES_MAX - at
        for request in _requests(claim)
        for at, each in enumerate(request.get("firstAvailable") or ())
        if f"{request['name']}/{each['name']}" in granted
    )
