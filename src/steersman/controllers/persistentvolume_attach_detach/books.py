"""The books: which volumes pods want on which nodes, and which are there as far as is known. Touches nothing else.

What is wanted stays wanted until the pod is gone or has ended, even if its claim is gone before: the node may still use
the volume. What is attached is written down here and not read from VolumeAttachments, since those that others made are
none of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.controllers.node_volumes import Volume

RETRY_S, RETRY_S_MAX = 0.5, 122.0
"""After a failure; doubles with each one, up to the other."""


class State(Enum):
    """Of a volume on a node."""

    ATTACHING = "asked for, not confirmed"
    ATTACHED = "confirmed"
    UNCERTAIN = "failed: it may be there or not"
    DETACHING = "asked to go, not gone"


@dataclass(slots=True)
class Attachment:
    """A volume on a node; times are the loop's."""

    volume: Volume
    node: str
    state: State
    since: float
    """In this state."""
    reported: bool = False
    """Whether the node's status should name it: the node may use it then."""
    unwanted_since: float | None = None
    retry_at: float = 0.0
    retry_s: float = RETRY_S

    def enter(self, state: State, now: float) -> None:
        self.state, self.since = state, now

    def fail(self, now: float) -> None:
        """Neither there nor gone for sure; to be tried again at `retry_at`."""
        self.enter(State.UNCERTAIN, now)
        self.retry_at = now + self.retry_s
        self.retry_s = min(self.retry_s * 2, RETRY_S_MAX)


@dataclass(slots=True)
class Wish:
    """A volume that pods want on a node."""

    volume: Volume
    pods: dict[str, Object] = field(default_factory=dict)
    """By uid."""
    told: bool = False
    """That it is in use elsewhere."""


class Books:
    """Of all nodes."""

    def __init__(self) -> None:
        self._wishes: dict[str, dict[str, Wish]] = {}
        """By volume, then node."""
        self._of_pods: dict[str, set[tuple[str, str]]] = {}
        """By uid: (volume, node)."""
        self._attached: dict[str, dict[str, Attachment]] = {}
        """By volume, then node."""
        self._on_nodes: dict[str, set[str]] = {}
        """Volumes that are attached, by node."""
        self._in_use: dict[str, set[str]] = {}
        """What nodes say they use, or may have begun to use since they said."""

    # -- what is wanted

    def want(self, pod: Object, volumes: Iterable[Volume]) -> set[str]:
        """A pod uses these volumes on its node, besides what it is known to use; names of those that changed."""
        uid, node = pod["metadata"]["uid"], pod["spec"]["nodeName"]
        places = self._of_pods.setdefault(uid, set())
        changed = set()
        for volume in volumes:
            wish = self._wishes.setdefault(volume.name, {}).setdefault(node, Wish(volume))
            if uid not in wish.pods:
                wish.pods[uid] = pod
                places.add((volume.name, node))
                changed.add(volume.name)
        if not places:
            del self._of_pods[uid]
        return changed

    def give_up(self, uid: str, only: str | None = None) -> set[str]:
        """A pod uses none of its volumes any more (or not `only`); names of those that changed."""
        places = self._of_pods.pop(uid, set())
        kept = {place for place in places if only is not None and place[0] != only}
        if kept:
            self._of_pods[uid] = kept
        for name, node in places - kept:
            wish = self._wishes[name][node]
            del wish.pods[uid]
            if not wish.pods:
                del self._wishes[name][node]
                if not self._wishes[name]:
                    del self._wishes[name]
        return {name for name, _node in places - kept}

    def wishes(self, name: str) -> dict[str, Wish]:
        """By node."""
        return dict(self._wishes.get(name, {}))

    def wanted_volumes(self) -> list[Volume]:
        return [wish.volume for of_nodes in self._wishes.values() for wish in of_nodes.values()]

    # -- what is there

    def attach(self, volume: Volume, node: str, state: State, now: float) -> Attachment:
        """Written down if it was not, or not so. The node may use it from now on, until it says that it does not."""
        known = self._attached.setdefault(volume.name, {}).get(node)
        if known is None:
            known = self._attached[volume.name][node] = Attachment(volume, node, state, now)
            self._on_nodes.setdefault(node, set()).add(volume.name)
        else:
            known.volume = volume
            known.enter(state, now)
        return known

    def detach(self, name: str, node: str) -> None:
        self._attached[name].pop(node, None)
        self._on_nodes[node].discard(name)
        if not self._attached[name]:
            del self._attached[name]
        if not self._on_nodes[node]:
            del self._on_nodes[node]

    def attachments(self, name: str) -> dict[str, Attachment]:
        """By node."""
        return dict(self._attached.get(name, {}))

    def volumes_on(self, node: str) -> set[str]:
        """Names."""
        return set(self._on_nodes.get(node, ()))

    def all_attachments(self) -> list[Attachment]:
        return [each for of_nodes in self._attached.values() for each in of_nodes.values()]

    def reported(self, node: str) -> list[str]:
        """Names that the node's status should have, in order."""
        return sorted(name for name in self._on_nodes.get(node, ()) if self._attached[name][node].reported)

    # -- what is in use

    def set_in_use(self, node: str, names: Iterable[str]) -> None:
        """What the node says."""
        self._in_use[node] = set(names)

    def assume_in_use(self, name: str, node: str) -> None:
        """The node may have begun to use it."""
        self._in_use.setdefault(node, set()).add(name)

    def is_in_use(self, name: str, node: str) -> bool:
        return name in self._in_use.get(node, ())

    def forget_node(self, node: str) -> None:
        """What a node that is gone said it used, unless volumes are still attached to it."""
        if node not in self._on_nodes:
            self._in_use.pop(node, None)
