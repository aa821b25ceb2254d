"""graph: who owns whom, as far as it has been seen. Pure: it is told what happened, and answers what to look at.

    an object appears, changes, goes   > observe(...), remove(...)
    it turns out not to exist          > remove_absent(...)
    its resource is served no more     > forget(...)

Nodes are found by uid. An owner that somebody names and nobody has seen is a virtual node, at the place that its first
dependent names, until it is observed, or found not to exist there. The graph may lag behind the truth, so nothing is
decided by it alone: what it says is whom to look at.
Invariant: `a` is among the dependents of `b` exactly if both are in the graph and `a` names the uid of `b` as an owner.
Upstream: pkg/controller/garbagecollector/graph_builder.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"


class Identity(NamedTuple):
    """One object, in the order in which identities are compared; without namespace if it is cluster-wide."""

    kind: str
    api_version: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        """As events name it."""
        return f"[{self.api_version}/{self.kind}, namespace: {self.namespace}, name: {self.name}, uid: {self.uid}]"


def identity_of(api_version: str, kind: str, obj: Object) -> Identity:
    metadata = obj["metadata"]
    return Identity(kind, api_version, metadata.get("namespace", ""), metadata["name"], metadata["uid"])


def owner_identity(reference: Object, namespace: str) -> Identity:
    """What an ownerReference names, if that lies in `namespace`."""
    return Identity(reference["kind"], reference["apiVersion"], namespace, reference["name"], reference["uid"])


@dataclass(slots=True, eq=False)
class Node:
    """What is known of one object."""

    identity: Identity
    owners: Sequence[Object] = ()
    """Its ownerReferences."""
    virtual: bool = False
    being_deleted: bool = False
    waits_for_dependents: bool = False
    """It is being deleted in the foreground: its dependents go first."""
    dependents: dict[str, Node] = field(default_factory=dict)
    """By uid."""

    def blocking_dependents(self) -> list[Node]:
        """Those that have to go before this one."""
        uid = self.identity.uid
        return [
            node
            for node in self.dependents.values()
            if any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in node.owners)
        ]


@dataclass(slots=True)
class Effects:
    """What has to be looked at now. Each is a list without particular order, and may name a node twice."""

    attempt: list[Node] = field(default_factory=list)
    """May have to go."""
    attempt_later: list[Node] = field(default_factory=list)
    """Likewise, after a delay that grows."""
    orphan: list[Node] = field(default_factory=list)
    """Its dependents have to be set free."""
    absent: list[Identity] = field(default_factory=list)
    """Does not exist."""
    misplaced: list[tuple[Node, Object]] = field(default_factory=list)
    """Names an owner that lies in another namespace: the ownerReference."""


class Graph:
    """Everything that has been seen, and the owners it names."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def get(self, uid: str) -> Node | None:
        return self._nodes.get(uid)

    def nodes(self) -> tuple[Node, ...]:
        """All, with virtual ones, in no particular order."""
        return tuple(self._nodes.values())

    def __contains__(self, uid: str) -> bool:
        """Whether an object has been seen, and not only named."""
        node = self._nodes.get(uid)
        return node is not None and not node.virtual

    # -- what happens

    def observe(self, identity: Identity, old: Object | None, new: Object) -> Effects:
        """An object is there, or has changed. `old`: how it was seen before, if it was."""
        effects = Effects()
        metadata = new["metadata"]
        owners: Sequence[Object] = metadata.get("ownerReferences") or ()
        node = self._nodes.get(identity.uid)
        if node is None:
            node = Node(
                identity,
                owners=owners,
                being_deleted=_is_deleted(new),
                waits_for_dependents=_is_deleted_with(new, FOREGROUND),
            )
            self._nodes[identity.uid] = node
            self._add_to_owners(node, owners, effects)
        else:
            if node.virtual:
                self._materialize(node, identity, effects)
            if node.owners != owners:
                self._change_owners(node, owners, effects)
            node.being_deleted = node.being_deleted or _is_deleted(new)
        if _is_deleted_with(new, ORPHAN) and not (old is not None and _is_deleted_with(old, ORPHAN)):
            effects.orphan.append(node)
        elif _is_deleted_with(new, FOREGROUND) and not (old is not None and _is_deleted_with(old, FOREGROUND)):
            node.waits_for_dependents = True
            effects.attempt += [*node.dependents.values(), node]
        return effects

    def remove(self, identity: Identity) -> Effects:
        """An object has gone."""
        effects = Effects()
        node = self._nodes.get(identity.uid)
        if node is not None:
            self._remove(node, identity, effects)
        return effects

    def remove_absent(self, identity: Identity) -> Effects:
        """There is no such object at the place that `identity` names; there may be one elsewhere."""
        effects = Effects()
        node = self._nodes.get(identity.uid)
        if node is None:
            return effects
        matching, others = _partition(node.dependents.values(), identity)
        if node.virtual and others:
            # Its dependents do not agree where it is: those that meant this place have no owner.
            if matching:
                effects.absent.append(identity)
                effects.attempt += matching
            if node.identity == identity:
                alternative = alternative_identity(others, identity)
                if alternative is not None:
                    node.identity = alternative
                    effects.attempt_later.append(node)
        elif not node.virtual and node.identity != identity:
            if matching:
                effects.absent.append(identity)
                effects.attempt += matching
        else:
            self._remove(node, identity, effects)
        return effects

    def forget(self, uid: str) -> Effects:
        """An object cannot be followed any more, which says nothing about whether it exists: what depends on it takes
        it for an owner that has not been seen.
        """
        effects = Effects()
        node = self._nodes.get(uid)
        if node is None:
            return effects
        self._remove_from_owners(node, node.owners)
        node.owners = ()
        if node.dependents:
            node.virtual = True
            node.being_deleted = node.waits_for_dependents = False
            effects.attempt.append(node)
        else:
            del self._nodes[uid]
        return effects

    # -- inside

    def _materialize(self, node: Node, identity: Identity, effects: Effects) -> None:
        """A virtual node is observed."""
        if node.identity != identity:
            _, others = _partition(node.dependents.values(), identity)
            for dependent in others:
                if identity.namespace and dependent.identity.namespace != identity.namespace:
                    effects.misplaced += _misplaced(dependent, identity.uid)
                effects.attempt.append(dependent)
            node.identity = identity
        node.virtual = False

    def _change_owners(self, node: Node, owners: Sequence[Object], effects: Effects) -> None:
        before = {each["uid"]: each for each in node.owners}
        after = {each["uid"]: each for each in owners}
        for uid, reference in before.items():
            # An owner that waits for this node may not have to any more.
            owner = self._nodes.get(uid)
            now = after.get(uid)
            if owner is not None and reference.get("blockOwnerDeletion") and not (now or {}).get("blockOwnerDeletion"):
                effects.attempt.append(owner)
        node.owners = owners
        self._add_to_owners(node, [each for uid, each in after.items() if uid not in before], effects)
        self._remove_from_owners(node, [each for uid, each in before.items() if uid not in after])

    def _add_to_owners(self, node: Node, owners: Iterable[Object], effects: Effects) -> None:
        doubtful = False
        for reference in owners:
            owner = self._nodes.get(reference["uid"])
            if owner is None:
                owner = Node(owner_identity(reference, node.identity.namespace), virtual=True)
                self._nodes[reference["uid"]] = owner
                effects.attempt.append(owner)
            elif not doubtful:
                doubtful = _is_doubtful(node, reference, owner, effects)
            owner.dependents[node.identity.uid] = node
        if doubtful:
            effects.attempt.append(node)

    def _remove_from_owners(self, node: Node, owners: Iterable[Object]) -> None:
        for reference in owners:
            owner = self._nodes.get(reference["uid"])
            if owner is not None:
                owner.dependents.pop(node.identity.uid, None)

    def _remove(self, node: Node, identity: Identity, effects: Effects) -> None:
        del self._nodes[node.identity.uid]
        self._remove_from_owners(node, node.owners)
        if node.dependents:
            effects.absent.append(identity)
            effects.attempt += node.dependents.values()
        for reference in node.owners:
            owner = self._nodes.get(reference["uid"])
            if owner is not None and owner.waits_for_dependents:
                effects.attempt.append(owner)


def _is_doubtful(node: Node, reference: Object, owner: Node, effects: Effects) -> bool:
    """Whether `node` means something else than the owner with the uid that it names."""
    namespace, own = owner.identity.namespace, node.identity.namespace
    if namespace and namespace != own:
        if not owner.virtual:
            effects.misplaced.append((node, reference))
        return True
    if owner_identity(reference, namespace) != owner.identity:
        return True
    # A cluster-wide dependent named it first: it may be namespaced, and misplaced by that one.
    return not namespace and namespace != own and owner.virtual


def _misplaced(node: Node, uid: str) -> list[tuple[Node, Object]]:
    return [(node, each) for each in node.owners if each["uid"] == uid][:1]


def _partition(nodes: Iterable[Node], identity: Identity) -> tuple[list[Node], list[Node]]:
    """(nodes that mean `identity` by its uid, nodes that mean another place); one may be in both."""
    matching: list[Node] = []
    others: list[Node] = []
    for node in nodes:
        if identity.namespace and identity.namespace != node.identity.namespace:
            others.append(node)
            continue
        named = {owner_identity(each, identity.namespace) for each in node.owners if each["uid"] == identity.uid}
        if identity in named:
            matching.append(node)
        if named - {identity}:
            others.append(node)
    return matching, others


def alternative_identity(nodes: Iterable[Node], absent: Identity) -> Identity | None:
    """Where else an owner may be that is not at `absent`, as `nodes` say: the next place in order, then the first, so
    that all are tried in turn.
    """
    found: set[Identity] = set()
    for node in nodes:
        for reference in node.owners:
            if reference["uid"] != absent.uid:
                continue
            named = owner_identity(reference, node.identity.namespace)
            if not absent.namespace and (named.kind, named.api_version) == (absent.kind, absent.api_version):
                named = named._replace(namespace="")  # that this kind is cluster-wide is known
            found.add(named)
    found.discard(absent)
    return min((each for each in found if each > absent), default=min(found, default=None))


def _is_deleted(obj: Object) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def _is_deleted_with(obj: Object, finalizer: str) -> bool:
    metadata = obj["metadata"]
    return bool(metadata.get("deletionTimestamp")) and finalizer in (metadata.get("finalizers") or ())
