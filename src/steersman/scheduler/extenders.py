"""extenders: webhooks that have a say in where pods go: filter, prioritize, bind.

They wait for others, and a cycle does not: first plugins decide, then extenders are asked about the nodes that are
left, and then it is decided again with what they said, as if one more plugin, "Extender", had said it. No other pod
is placed meanwhile.
Upstream: pkg/scheduler/extender.go, schedule_one.go (findNodesThatPassExtenders, prioritizeNodes). Upstream
differences: they are asked to prioritize one after the other; the verb preempt is not there yet.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from steersman.lib.http.client.errors import ClientError
from steersman.scheduler.framework import SCORE_MAX, SKIP, Plugin, PluginError, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.scheduler.configuration.model import ExtenderConfiguration
    from steersman.scheduler.cycle import Profile
    from steersman.scheduler.framework import Cycle, Skip
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts

NAME = "Extender"
TIMEOUT_S = 5.0
_PRIORITY_MAX = 10
"""The best that an extender can say of a node."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """`kept`: names of nodes. `failed`: reasons by node; `hopeless`: the same, where removing pods does not help."""

    kept: frozenset[str]
    failed: Mapping[str, str]
    hopeless: Mapping[str, str]


class Extender:
    """One webhook. Its methods raise PluginError."""

    def __init__(self, *, configuration: ExtenderConfiguration, http: HttpClient, target: Target, prefix: str) -> None:
        """`prefix`: of the paths under which its verbs are."""
        self.configuration = configuration
        self._http = http
        self._target = target
        self._prefix = prefix.rstrip("/")

    def interested(self, pod: PodInfo) -> bool:
        """Whether the pod asks for a resource that it manages."""
        managed = self.configuration.managed_resources
        if not managed:
            return True
        for container in (*(pod.spec.get("containers") or ()), *(pod.spec.get("initContainers") or ())):
            resources = container.get("resources") or {}
            if any(name in (resources.get(kind) or ()) for kind in ("requests", "limits") for name in managed):
                return True
        return False

    async def filter(self, pod: PodInfo, nodes: Sequence[Object]) -> Filtered:
        answer = _fields(await self._send(self.configuration.filter_verb, self._arguments(pod, nodes)))
        if answer.get("error"):
            raise PluginError(answer["error"])
        if self.configuration.node_cache_capable and answer.get("nodenames") is not None:
            kept = frozenset(answer["nodenames"])
        else:
            items = _fields(answer.get("nodes") or {}).get("items") or ()
            kept = frozenset(node["metadata"]["name"] for node in items)
        unknown = kept - {node["metadata"]["name"] for node in nodes}
        if unknown:
            told = f'claims a filtered node "{min(unknown)}" which is not found in the input node list'
            raise PluginError(f'extender "{self.configuration.url_prefix}" {told}')
        return Filtered(kept, answer.get("failednodes") or {}, answer.get("failedandunresolvablenodes") or {})

    async def prioritize(self, pod: PodInfo, nodes: Sequence[Object]) -> dict[str, int]:
        """By node, weighed, on the scale of plugins."""
        listed = await self._send(self.configuration.prioritize_verb, self._arguments(pod, nodes)) or ()
        weight = self.configuration.weight * (SCORE_MAX // _PRIORITY_MAX)
        return {each["host"]: int(each["score"]) * weight for each in map(_fields, listed)}

    async def bind(self, pod: PodInfo, node: str) -> None:
        namespace, name = pod.key
        wanted = {"PodName": name, "PodNamespace": namespace, "PodUID": pod.uid, "Node": node}
        answer = _fields(await self._send(self.configuration.bind_verb, wanted) or {})
        if answer.get("error"):
            raise PluginError(answer["error"])

    def _arguments(self, pod: PodInfo, nodes: Sequence[Object]) -> Object:
        if self.configuration.node_cache_capable:
            return {"Pod": pod.pod, "Nodes": None, "NodeNames": [node["metadata"]["name"] for node in nodes]}
        return {"Pod": pod.pod, "Nodes": {"metadata": {}, "items": list(nodes)}, "NodeNames": None}

    async def _send(self, verb: str, body: Object) -> Any:
        url = f"{self.configuration.url_prefix.rstrip('/')}/{verb}"
        try:
            answer = await self._http.request(
                self._target,
                "POST",
                f"{self._prefix}/{verb}",
                headers=(("Content-Type", "application/json"),),
                body=orjson.dumps(body),
                timeout_s=self.configuration.timeout_s or TIMEOUT_S,
            )
        except ClientError as error:
            raise PluginError(f'Post "{url}": {error}') from error
        if answer.status != 200:
            raise PluginError(f"failed {verb} with extender at URL {url}, code {answer.status}")
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise PluginError(f"extender at URL {url}: {error}") from error


class Extenders:
    """All of them, in the order of the configuration."""

    def __init__(self, extenders: Iterable[Extender] = ()) -> None:
        self._extenders = tuple(extenders)
        self._logger = logging.getLogger(__name__)

    def asked_about(self, pod: PodInfo) -> bool:
        """Whether any has a say in where the pod goes."""
        return any(self._choosers(pod))

    async def consult(self, pod: PodInfo, nodes: Sequence[Object]) -> Answers:
        """About nodes that can take the pod. Raises PluginError: one that must not be passed over does not answer."""
        left, reasons, hopeless = list(nodes), dict[str, str](), dict[str, str]()
        for extender in self._choosers(pod):
            if not left:
                break
            if not extender.configuration.filter_verb:
                continue
            try:
                said = await extender.filter(pod, left)
            except PluginError as error:
                if not extender.configuration.ignorable:
                    raise
                self._logger.warning("%s: passed over: %s", extender.configuration.url_prefix, error)
                continue
            for node in left:
                name = node["metadata"]["name"]
                if name not in said.kept:
                    silent = f"node(s) were refused by extender {extender.configuration.url_prefix}"
                    told = said.hopeless if name in said.hopeless else said.failed
                    (hopeless if told is said.hopeless else reasons)[name] = told.get(name, silent)
            left = [node for node in left if node["metadata"]["name"] in said.kept]
        return Answers(
            kept=frozenset(node["metadata"]["name"] for node in left),
            reasons=reasons,
            hopeless=hopeless,
            scores=await self._scores(pod, left) if len(left) > 1 else {},
        )

    async def bind(self, pod: PodInfo, node: str) -> bool:
        """Whether one of them did. Raises PluginError."""
        for extender in self._extenders:
            if extender.configuration.bind_verb and extender.interested(pod):
                await extender.bind(pod, node)
                return True
        return False

    @property
    def bind_pods(self) -> bool:
        return any(extender.configuration.bind_verb for extender in self._extenders)

    async def _scores(self, pod: PodInfo, nodes: Sequence[Object]) -> dict[str, int]:
        total: dict[str, int] = {}
        for extender in self._choosers(pod):
            if not extender.configuration.prioritize_verb:
                continue
            try:
                said = await extender.prioritize(pod, nodes)
            except PluginError as error:
                self._logger.warning("%s: gives no scores: %s", extender.configuration.url_prefix, error)
                continue
            for name, score in said.items():
                total[name] = total.get(name, 0) + score
        return total

    def _choosers(self, pod: PodInfo) -> Iterable[Extender]:
        for extender in self._extenders:
            verbs = extender.configuration.filter_verb or extender.configuration.prioritize_verb
            if verbs and extender.interested(pod):
                yield extender


class Answers(Plugin):
    """What extenders said about the nodes of one pod."""

    name = NAME

    def __init__(
        self,
        *,
        kept: frozenset[str],
        reasons: Mapping[str, str],
        hopeless: Mapping[str, str],
        scores: Mapping[str, int],
    ) -> None:
        self._kept = kept
        self._refused = [(reasons, True), (hopeless, False)]
        self._scores = scores

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        snapshot, left = cycle.snapshot, ~cycle.snapshot.none()
        for name in self._kept:
            if name in snapshot.index:
                left[snapshot.index[name]] = False
        for told, preemptable in self._refused:
            for reason in dict.fromkeys(told.values()):
                columns = [
                    snapshot.index[name] for name, said in told.items() if said == reason and name in snapshot.index
                ]
                mask = snapshot.none()
                mask[columns] = True
                left &= ~mask
                yield Refusal(mask, reason, preemptable)
        yield Refusal(left, "node(s) were not known to extenders yet")

    def pre_score(self, _cycle: Cycle, _feasible: NDArray[np.intp]) -> Skip | None:
        return None if self._scores else SKIP

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        return np.array([self._scores.get(cycle.snapshot.names[column], 0) for column in feasible], np.int64)


class ExtenderBinder(Plugin):
    """Leaves the binding to the extender that does that, for pods that it is interested in."""

    name = NAME

    def __init__(self, *, extenders: Extenders) -> None:
        self._extenders = extenders

    async def bind(self, cycle: Cycle, node: str) -> Skip | None:
        return None if await self._extenders.bind(cycle.pod, node) else SKIP


def joined(profile: Profile, plugin: Plugin, points: Iterable[str], *, first: bool = False) -> Profile:
    """A profile with one more plugin at some points, the last there or the first."""

    def with_it(there: tuple[Plugin, ...]) -> tuple[Plugin, ...]:
        return (plugin, *there) if first else (*there, plugin)

    return replace(profile, points={**profile.points, **{point: with_it(profile.at(point)) for point in points}})


def _fields(answer: Any) -> dict[str, Any]:
    """By lower-case name: Go, which extenders are mostly written in, does not look at the case."""
    if not isinstance(answer, dict):
        raise PluginError(f"an extender answered {answer!r}, which is no object")
    return {name.lower(): value for name, value in answer.items()}
