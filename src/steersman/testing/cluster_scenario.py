"""Scenarios of a whole cluster: the commands of `steersman.testing.scenario`, nodes, time and faults.

    node NAME [KEY=VALUE...]        a simulated node; cpu=4 memory=8Gi pods=110 zone=a, image:NAME=500Mi (is there
                                    already); anything else is a label. It joins quietly: what follows from that
                                    alone is not told. `x1..x100` is a hundred of them
    remove NODE...                  take machines away, and their Nodes; `x1..x100` here too
    taint NODE KEY=VALUE:EFFECT     (KEY:EFFECT without a value; a `-` behind it removes it)
    fail NODE | partition NODE | heal NODE | kubelet NODE      the machine dies; is cut off; is back; kubelet restarts
    press NODE [CONDITION...]       it is short of something (MemoryPressure); of nothing any more
    scale KIND NAME REPLICAS
    evict POD
    label KIND NAME KEY=VALUE...    (KEY- removes one)
    restart PART | stop PART | start PART
    fault fail|delay|lose KEY=VALUE...                         verb= resource= component= code= seconds= times=
    faults off
    drop-watches [COMPONENT]
    clock SECONDS                   set the time of day forward or back
    settle [QUIET-SECONDS]          until nothing happens any more
    advance 90 | advance 2h 30m     let time pass
    events [NAME]                   reason, object and message of what was recorded, without repetitions

Below each command stands what the components did, as `steersman.testing.narration` tells it. Names that were drawn are
written as it shows them, in commands too.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from steersman.api.meta.quantity import parse
from steersman.client.request import PatchType
from steersman.kubelet.hollow.node_spec import CAPACITY, NodeSpec
from steersman.testing.in_process import InProcessClient
from steersman.testing.narration import Narration
from steersman.testing.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from steersman.testing.cluster import AsyncCluster
    from steersman.testing.scenario import Call
    from steersman.testing.script import Command

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_TAINT = re.compile(r"(?P<key>[^=:]+)(=(?P<value>[^:]*))?:(?P<effect>\w+)(?P<gone>-?)")
_NUMBERS = frozenset(("code", "times"))
_RANGE = re.compile(r"(?P<prefix>.*?)(?P<first>\d+)\.\.(?P=prefix)(?P<last>\d+)")
_DIGEST = re.compile(r"(?<=:)[0-9a-f]{24}\b")
"""In names that say what is in an object, such as a cluster's CA, which is not the same twice."""
_IMAGE = "image:"


class ClusterScenario(Scenario):
    """Interprets commands against one cluster, entered already."""

    def __init__(self, *, cluster: AsyncCluster, files: Path) -> None:
        client = InProcessClient(cluster.handle, headers=[("authorization", f"Bearer {cluster.token}")])
        super().__init__(client=client, files=files)
        self._cluster = cluster
        self._narration = Narration(silent=("administrator", ""))
        cluster.faults.observers.append(self._narration.heard)

    async def run(self, command: Command) -> list[str]:
        """The lines that a command prints, and below them what the cluster did."""
        words = [self._narration.meant(word) for word in shlex.split(command.line)]
        printed = await super().run(replace(command, line=shlex.join(words)))
        self._cluster.check()
        lines = [*(self._narration.shown(line) for line in printed), *self._narration.lines()]
        return [_DIGEST.sub("<digest>", line) for line in lines]

    # -- nodes

    async def _do_node(self, call: Call) -> list[str]:
        name, *rest = call.words
        await self._cluster.nodes.add(*(node_spec(each, _pairs(call, rest)) for each in _names(name)))
        await self._cluster.settle(quiet_s=1)
        self._narration.lines()  # what every node that comes makes everybody do
        return []

    async def _do_remove(self, call: Call) -> list[str]:
        for word in call.words:
            for name in _names(word):
                await self._cluster.nodes.remove(name)
        return []

    async def _do_taint(self, call: Call) -> list[str]:
        [node, *words] = call.words
        [word] = [*words, *(f"{key}={value}" for key, value in call.query.items())]
        match = _TAINT.fullmatch(word)
        if match is None:
            raise ValueError(f"{word!r} is no taint: KEY=VALUE:EFFECT, or KEY:EFFECT- to remove one")
        found = await self._cluster.client.get("node", node)
        key, effect = match["key"], match["effect"]
        taints = [t for t in found["spec"].get("taints") or () if (t["key"], t["effect"]) != (key, effect)]
        if not match["gone"]:
            taints.append({"key": key, "effect": effect, **({"value": match["value"]} if match["value"] else {})})
        await self._cluster.client.patch("node", node, {"spec": {"taints": taints}}, form=PatchType.MERGE)
        return []

    async def _do_fail(self, call: Call) -> list[str]:
        self._cluster.nodes.fail(*call.words)
        return []

    async def _do_partition(self, call: Call) -> list[str]:
        self._cluster.nodes.partition(*call.words)
        return []

    async def _do_heal(self, call: Call) -> list[str]:
        self._cluster.nodes.heal(*call.words)
        return []

    async def _do_kubelet(self, call: Call) -> list[str]:
        self._cluster.nodes.restart(*call.words)
        return []

    async def _do_press(self, call: Call) -> list[str]:
        self._cluster.nodes.press(*call.words)
        return []

    # -- objects

    async def _do_scale(self, call: Call) -> list[str]:
        kind, name, replicas = call.words
        await self._cluster.client.scale(kind, name, int(replicas), namespace=call.namespace)
        return []

    async def _do_evict(self, call: Call) -> list[str]:
        [name] = call.words
        await self._cluster.client.evict(name, namespace=call.namespace)
        return []

    async def _do_label(self, call: Call) -> list[str]:
        kind, name, *rest = call.words
        labels: dict[str, str | None] = {word.removesuffix("-"): None for word in rest if "=" not in word}
        labels |= _pairs(call, rest)
        patch = {"metadata": {"labels": labels}}
        await self._cluster.client.patch(kind, name, patch, namespace=call.namespace, form=PatchType.MERGE)
        return []

    async def _do_events(self, call: Call) -> list[str]:
        events = await self._cluster.client.list("events", namespace=call.namespace)
        wanted = set(call.words)
        lines = {
            f"{event['type']} {event['reason']} {event['involvedObject']['kind']}/{event['involvedObject']['name']}: "
            f"{event.get('message', '')}"
            for event in events
            if not wanted or event["involvedObject"]["name"] in wanted
        }
        return sorted(map(self._narration.shown, lines))

    # -- parts, faults

    async def _do_restart(self, call: Call) -> list[str]:
        for part in call.words:
            await self._cluster.restart(part)
        return []

    async def _do_stop(self, call: Call) -> list[str]:
        for part in call.words:
            await self._cluster.stop(part)
        return []

    async def _do_start(self, call: Call) -> list[str]:
        for part in call.words:
            await self._cluster.start(part)
        return []

    async def _do_fault(self, call: Call) -> list[str]:
        [how] = call.words
        given: dict[str, Any] = {name: int(v) if name in _NUMBERS else v for name, v in call.query.items()}
        faults = self._cluster.faults
        if how == "fail":
            faults.fail(**given)
        elif how == "delay":
            faults.delay(float(given.pop("seconds")), **given)
        elif how == "lose":
            faults.lose_answers(**given)
        else:
            raise ValueError(f"{how!r} is no fault: fail, delay or lose")
        return []

    async def _do_faults(self, call: Call) -> list[str]:
        if call.words != ["off"]:
            raise ValueError("faults off")
        self._cluster.faults.clear()
        return []

    async def _do_drop_watches(self, call: Call) -> list[str]:
        for component in call.words or [""]:
            await self._cluster.drop_watches(component=component)
        return []

    # -- time

    async def _do_clock(self, call: Call) -> list[str]:
        [seconds] = call.words
        self._cluster.jump_clock(float(seconds))
        return []

    async def _do_settle(self, call: Call) -> list[str]:
        if call.words:
            await self._cluster.settle(quiet_s=float(call.words[0]))
        else:
            await self._cluster.settle()
        return []

    async def _do_advance(self, call: Call) -> list[str]:
        await self._cluster.advance(seconds=sum(map(seconds_of, call.words)))
        return []


def node_spec(name: str, words: Mapping[str, str]) -> NodeSpec:
    """A node of these words: amounts, a zone, labels."""
    capacity = {key: value for key, value in words.items() if key in CAPACITY or ("/" in key and value.isdigit())}
    images = {key.removeprefix(_IMAGE): parse(size) for key, size in words.items() if key.startswith(_IMAGE)}
    special = {*capacity, "zone", "region"}
    labels = {key: value for key, value in words.items() if key not in special and not key.startswith(_IMAGE)}
    return NodeSpec(
        name=name,
        capacity=capacity,
        labels=labels,
        zone=words.get("zone", ""),
        region=words.get("region", ""),
        images={name: size.value() for name, size in images.items()},
    )


def _names(word: str) -> list[str]:
    """`x1..x3` is x1, x2 and x3; any other word is itself."""
    match = _RANGE.fullmatch(word)
    if match is None:
        return [word]
    return [f"{match['prefix']}{number}" for number in range(int(match["first"]), int(match["last"]) + 1)]


def _pairs(call: Call, words: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE, whatever characters the key has."""
    return call.query | dict(word.split("=", 1) for word in words if "=" in word)


def seconds_of(word: str) -> float:
    """`90`, `90s`, `2h`: a span of time."""
    match = _SPAN.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no span of time: 90, 30s, 5m, 2h or 1d")
    return float(match[1]) * _UNITS[match[2] or "s"]
