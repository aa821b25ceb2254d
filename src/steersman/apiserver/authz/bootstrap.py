"""The roles and bindings that every cluster has, and how they are kept: created when missing, widened when upstream's
policy grew, never narrowed. Pure.

Reads: `bootstrap_policy.json` beside this file (facts of upstream v1.37). Invariants: an object whose annotation
rbac.authorization.kubernetes.io/autoupdate is "false" is left alone; what people added stays.
Upstream differences: the migrations of clusters older than 1.14 are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson

from steersman.apiserver.authz.roles import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    RBAC_GROUP,
    ROLE_BINDINGS,
    ROLES,
)
from steersman.apiserver.authz.rules import covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from steersman.api.meta.types import Object

_AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
_KINDS = {
    CLUSTER_ROLES: "ClusterRole",
    CLUSTER_ROLE_BINDINGS: "ClusterRoleBinding",
    ROLES: "Role",
    ROLE_BINDINGS: "RoleBinding",
}


class Action(StrEnum):
    """REPLACE deletes what is there and creates anew: a binding's roleRef cannot be changed."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Write:
    """One write that the policy asks for. An UPDATE keeps the resourceVersion it was planned from."""

    action: Action
    resource: str
    obj: Object


def bootstrap_objects() -> Iterator[tuple[str, Object]]:
    """(plural, object) of the whole policy: cluster roles, their bindings, roles, their bindings."""
    policy = _policy()
    for resource, kind in _KINDS.items():
        for entry in policy[resource]:
            yield resource, _expand(kind, entry)


def node_rules() -> list[Object]:
    """The rules of system:node, which the Node authorizer applies."""
    return next(role["rules"] for role in _policy()[CLUSTER_ROLES] if role["name"] == "system:node")


def reconcile(existing: Callable[[str, str, str], Object | None]) -> list[Write]:
    """The writes that bring a cluster up to the policy. `existing(plural, namespace, name)` looks into the store."""
    writes: list[Write] = []
    for resource, expected in bootstrap_objects():
        metadata = expected["metadata"]
        found = existing(resource, metadata.get("namespace", ""), metadata["name"])
        if found is None:
            writes.append(Write(Action.CREATE, resource, expected))
            continue
        if (found["metadata"].get("annotations") or {}).get(_AUTOUPDATE) == "false":
            continue
        planned = _plan_binding(found, expected) if "roleRef" in expected else _plan_role(found, expected)
        if planned is not None:
            writes.append(Write(planned[0], resource, planned[1]))
    return writes


def _plan_role(found: Object, expected: Object) -> tuple[Action, Object] | None:
    changed = _with_metadata(found, expected)
    rules = found.get("rules") or []
    missing = covers(rules, expected.get("rules") or ())
    if missing:
        changed["rules"] = [*rules, *missing]
    wanted = (expected.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
    held = (found.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
    if "aggregationRule" not in expected and found.get("aggregationRule") is not None:
        # Whoever made it an aggregated role made it lose the policy's own rules at the controller's next turn.
        changed.pop("aggregationRule", None)
    elif any(selector not in held for selector in wanted):
        changed["aggregationRule"] = {
            "clusterRoleSelectors": [*held, *(selector for selector in wanted if selector not in held)]
        }
    return None if changed == found else (Action.UPDATE, changed)


def _plan_binding(found: Object, expected: Object) -> tuple[Action, Object] | None:
    if found.get("roleRef") != expected["roleRef"]:
        return Action.REPLACE, expected
    changed = _with_metadata(found, expected)
    held = found.get("subjects") or []
    missing = [subject for subject in expected.get("subjects") or () if subject not in held]
    if missing:
        changed["subjects"] = [*held, *missing]
    return None if changed == found else (Action.UPDATE, changed)


def _with_metadata(found: Object, expected: Object) -> Object:
    """A shallow copy with the policy's labels and annotations added; what is there wins."""
    metadata = dict(found["metadata"])
    for field in ("annotations", "labels"):
        held = metadata.get(field) or {}
        merged = {**expected["metadata"][field], **held}
        if merged != held:
            metadata[field] = merged
    return {**found, "metadata": metadata}


def _policy() -> dict[str, list[dict[str, Any]]]:
    data = resources.files(__package__).joinpath("bootstrap_policy.json").read_bytes()
    policy: dict[str, list[dict[str, Any]]] = orjson.loads(data)
    return policy


def _expand(kind: str, entry: dict[str, Any]) -> Object:
    metadata: Object = {
        "name": entry["name"],
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **entry.get("labels", {})},
        "annotations": {_AUTOUPDATE: "true"},
    }
    if "namespace" in entry:
        metadata["namespace"] = entry["namespace"]
    obj: Object = {"apiVersion": f"{RBAC_GROUP}/v1", "kind": kind, "metadata": metadata}
    if "role" not in entry:
        # Aggregated roles begin without rules: their controller fills them in.
        obj["rules"] = entry.get("rules")
        if "aggregationRule" in entry:
            obj["aggregationRule"] = entry["aggregationRule"]
        return obj
    if "subjects" in entry:
        obj["subjects"] = [_subject(text) for text in entry["subjects"]]
    role_kind = "ClusterRole" if kind == "ClusterRoleBinding" else "Role"
    obj["roleRef"] = {"apiGroup": RBAC_GROUP, "kind": role_kind, "name": entry["role"]}
    return obj


def _subject(text: str) -> Object:
    kind, name = text.split(" ", 1)
    if kind == "ServiceAccount":
        namespace, name = name.split("/")
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "apiGroup": RBAC_GROUP, "name": name}
