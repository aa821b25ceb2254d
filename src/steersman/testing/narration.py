"""What the components of a cluster did, in lines that do not depend on chance: for scenarios. Pure.

    deployment: created replicasets web-745df44d88
    replicaset: created pods web-745df44d88-1 web-745df44d88-2
    scheduler: web-745df44d88 -> n1 n2
    kubelet: Running web-745df44d88×2

A line says all that one component did to one kind of object since the last time, in the order of names. A name that was
drawn is shown, where it is created, as the prefix it was drawn for and a number in the order of creation. From then on
those of one prefix are counted, as which of them it is may be chance. Status that controllers write, leases and events
are left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from steersman.testing.faults import Call

_LEFT_OUT = frozenset(("leases", "events", "tokenreviews", "subjectaccessreviews", "localsubjectaccessreviews"))
_VERBS = {"create": "created", "update": "updated", "patch": "updated", "delete": "deleted"}
_LAST = {"scheduler": 1, "kubelet": 2}
_NUMBER = re.compile(r"(\d+)")
_LAST_NUMBER = re.compile(r"(\d+)\Z")
_LONG = 10
"""So many names in a row are shortened."""


class Narration:
    """Told of every call (`heard`), it says what happened since it was last asked (`lines`)."""

    def __init__(self, *, silent: Collection[str] = ("administrator",)) -> None:
        """`silent`: components that are not told of at all. Of kubelets only phases of pods are, and ends."""
        self._silent = silent
        self._did: dict[tuple[str, str], dict[str, str]] = {}
        """By component and act: names, and how they are shown."""
        self._placed: dict[str, Counter[str]] = {}
        self._phases: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def heard(self, call: Call) -> None:
        """An observer of steersman.testing.faults."""
        info = call.info
        if info.resource in _LEFT_OUT or not 200 <= call.code < 300 or call.verb not in _VERBS:
            return
        answer = json.loads(call.answer) if call.verb == "create" or info.subresource == "status" else None
        if call.verb == "create" and not info.subresource and not _asked_name(call):
            self._named(answer)
        if call.component in self._silent:
            return
        component = _short(call.component)
        if info.subresource == "status":
            if component == "kubelet" and info.resource == "pods":
                self._phase(answer)
        elif info.subresource == "binding":
            self._bound(info.name, json.loads(call.body)["target"]["name"])
        elif component != "kubelet" or (info.resource == "pods" and call.verb == "delete"):
            self._acted(component, call, answer)

    def lines(self) -> list[str]:
        """What happened since the last call of this."""
        said = [
            (component, f"{component}: {act} {_counted(Counter(names.values()))}")
            for (component, act), names in self._did.items()
        ]
        said += [("scheduler", f"scheduler: {group} -> {_counted(nodes)}") for group, nodes in self._placed.items()]
        self._did, self._placed = {}, {}
        return [line for _, line in sorted(said, key=lambda each: (_LAST.get(each[0], 0), _natural(each[1])))]

    def shown(self, text: str) -> str:
        """Text in which drawn names are as lines have them."""
        for name in sorted(self._aliases, key=len, reverse=True):
            text = text.replace(name, self._aliases[name])
        return text

    def meant(self, word: str) -> str:
        """The name that a word of `lines` stands for."""
        return next((name for name, alias in self._aliases.items() if alias == word), word)

    # -- what happens

    def _named(self, obj: Any) -> None:
        metadata = obj["metadata"]
        group = metadata.get("generateName", "").rstrip("-")
        if group and metadata["name"] not in self._aliases:
            self._numbers[group] += 1
            self._aliases[metadata["name"]] = f"{group}-{self._numbers[group]}"
            self._groups[metadata["name"]] = group

    def _acted(self, component: str, call: Call, answer: Any) -> None:
        info = call.info
        name = answer["metadata"]["name"] if call.verb == "create" and not info.subresource else info.name
        act = "evicted" if info.subresource == "eviction" else _VERBS[call.verb]
        if info.subresource in ("", "eviction", "finalize", "scale"):
            shown = self._aliases.get(name, name) if act == "created" else self._groups.get(name, name)
            self._did.setdefault((component, f"{act} {info.resource}"), {})[name] = shown

    def _phase(self, pod: Any) -> None:
        name, phase = pod["metadata"]["name"], pod["status"].get("phase", "")
        key = f"{pod['metadata']['uid']}"
        if self._phases.get(key) != phase:
            self._phases[key] = phase
            if phase != "Pending":
                self._did.setdefault(("kubelet", phase), {})[name] = self._groups.get(name, name)

    def _bound(self, name: str, node: str) -> None:
        self._placed.setdefault(self._groups.get(name, name), Counter())[node] += 1


def _asked_name(call: Call) -> str:
    """The name that an object was to be created with; empty if one was to be drawn."""
    metadata = (json.loads(call.body or b"null") or {}).get("metadata") or {}
    name: str = metadata.get("name") or ""
    return name


def _short(component: str) -> str:
    """`replicaset-controller` is replicaset, `kube-scheduler` is scheduler."""
    return component.removeprefix("kube-").removesuffix("-controller")


def _counted(names: Counter[str]) -> str:
    """Names in their order, with how often each is meant; many that are numbered in a row as `x1..x20`."""
    words: list[str] = []
    for run in _runs(sorted(names, key=_natural), names):
        if len(run) >= _LONG:
            words.append(f"{run[0]}..{run[-1]}")
        else:
            words += (name if names[name] == 1 else f"{name}×{names[name]}" for name in run)
    return " ".join(words)


def _runs(ordered: Iterable[str], names: Counter[str]) -> Iterator[list[str]]:
    """Names that differ by 1 from the one before, and are meant once."""
    run: list[str] = []
    for name in ordered:
        if run and not (names[name] == names[run[-1]] == 1 and _follows(run[-1], name)):
            yield run
            run = []
        run.append(name)
    if run:
        yield run


def _follows(one: str, other: str) -> bool:
    """Whether names are the same but for a number at the end, which is the next one."""
    *before, number = _LAST_NUMBER.split(one, maxsplit=1)[:2]
    *prefix, following = _LAST_NUMBER.split(other, maxsplit=1)[:2]
    return before == prefix and number.isdigit() and following.isdigit() and int(following) == int(number) + 1


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts web-2 before web-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBER.split(text)]
