"""Namespace: a scope for names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.meta.names import name_is_dns_label
from steersman.api.resource import Context, Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _prepare_create(obj: Object, _ctx: Context) -> None:
    """A namespace is active, and nothing but its content's end ends it."""
    obj["status"] = {"phase": "Active"}
    finalizers = obj.setdefault("spec", {}).setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")


def _prepare_delete(obj: Object, _ctx: Context) -> None:
    obj["status"] = obj.get("status", {}) | {"phase": "Terminating"}


def _finalized(obj: Object) -> bool:
    return bool((obj.get("spec") or {}).get("finalizers"))


NAMESPACES = Resource(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    singular="namespace",
    short_names=("ns",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.Namespace"),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    subresources=(
        Subresource(name="finalize", verbs=("update",), update=UpdateStrategy()),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        validate_name=name_is_dns_label,
        blocks_removal=_finalized,
        prepare_create=_prepare_create,
        prepare_delete=_prepare_delete,
        storage_preconditions=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
