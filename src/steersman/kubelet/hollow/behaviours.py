"""Which life a container has: commands over annotations of its pod over rules over what is usual. Pure.

Usual: containers run until they are stopped; those of pods that a Job made and that are not always restarted succeed
after some seconds (`jobs_complete`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from steersman.kubelet.hollow.settings import ORDINARY, PREFIX, SettingError, for_container, set_one
from steersman.kubelet.restarts import ALWAYS, is_sidecar
from steersman.runtimes.life import Exit, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.runtimes.life import Life

SUCCEED = Exit(0, after=Span(2.0, 5.0))
INITIALIZE = Exit(0, after=Span(0.1, 0.5))


@dataclass(frozen=True, slots=True)
class PodMatch:
    """Which containers a rule is for; empty fields are for all. Texts may hold * and ?."""

    namespace: str = ""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """Kind of the controller."""
    node: str = ""
    container: str = ""
    image: str = ""
    command: str = ""
    """Command and arguments, joined by spaces."""

    def matches(self, pod: Object, container: Object) -> bool:
        metadata, spec = pod["metadata"], pod["spec"]
        labels = metadata.get("labels") or {}
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        return (
            _fits(self.namespace, metadata.get("namespace", ""))
            and _fits(self.name, metadata["name"])
            and _fits(self.owner, owner_kind(pod))
            and _fits(self.node, spec.get("nodeName", ""))
            and _fits(self.container, container["name"])
            and _fits(self.image, container.get("image", ""))
            and _fits(self.command, " ".join(words))
            and all(_fits(value, labels.get(key, "")) and key in labels for key, value in self.labels.items())
        )


@dataclass(frozen=True, slots=True)
class PodRule:
    """`settings`: as they are written."""

    match: PodMatch
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """What happens to nodes: FAIL or PARTITION at `after_s` from the node's start, for `span_s` (None: for good), again
    every `every_s`. `name`, `zone`: which nodes; may hold * and ?.
    """

    kind: str
    after: Span
    name: str = ""
    zone: str = ""
    span: Span | None = None
    every: Span | None = None

    def matches(self, name: str, zone: str) -> bool:
        return _fits(self.name, name) and _fits(self.zone, zone)


FAIL, PARTITION = "fail", "partition"


@dataclass(frozen=True, slots=True)
class Behaviours:
    """All of them. `rules`: the first that matches a container counts."""

    rules: Sequence[PodRule] = ()
    nodes: Sequence[NodeEvent] = ()
    jobs_complete: bool = True

    def life(self, pod: Object, container: Object, commands: Mapping[str, str]) -> tuple[Life, list[str]]:
        """How a container lives, and what is wrong with its pod's annotations. `commands`: settings that were given at
        run time, as annotations are.
        """
        life = self._usual(pod, container)
        for rule in self.rules:
            if rule.match.matches(pod, container):
                for name, value in rule.settings:
                    life = set_one(life, name, value)
                break
        annotations = pod["metadata"].get("annotations")
        problems: list[str] = []
        if annotations:
            written = {key[len(PREFIX) :]: value for key, value in annotations.items() if key.startswith(PREFIX)}
            life = _with(life, written, container["name"], problems)
        if commands:
            life = _with(life, commands, container["name"], problems)
        return life, problems

    def _usual(self, pod: Object, container: Object) -> Life:
        spec = pod["spec"]
        if any(container is each for each in spec.get("initContainers") or ()):
            return ORDINARY if is_sidecar(container) else replace(ORDINARY, exit=INITIALIZE)
        job = self.jobs_complete and spec.get("restartPolicy") != ALWAYS and owner_kind(pod) == "Job"
        return replace(ORDINARY, exit=SUCCEED) if job else ORDINARY


def owner_kind(pod: Object) -> str:
    """The kind of the controller of a pod; empty for none."""
    for owner in pod["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            kind: str = owner.get("kind", "")
            return kind
    return ""


def _with(life: Life, written: Mapping[str, str], container: str, problems: list[str]) -> Life:
    for name, text in written.items():
        try:
            value = for_container(text, container)
            if value is not None:
                life = set_one(life, name, value)
        except SettingError as error:
            problems.append(f"annotation {PREFIX}{name}: {error}")
    return life


def _fits(pattern: str, text: str) -> bool:
    return not pattern or fnmatchcase(text, pattern)
