"""Namespace: a scope for names.

Invariants: a new namespace is Active and holds the finalizer `kubernetes` in its spec; spec.finalizers change only
through `finalize`, status only through `status`; a deleted namespace is Terminating and stays until both kinds of
finalizers are gone. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.errors import FieldError, invalid
from steersman.api.meta.names import name_is_dns_label, qualified_name
from steersman.api.meta.object_meta import STANDARD_FINALIZERS
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"
"""Every namespace carries its name as a label, so that selectors can name one."""


def _default(obj: Object) -> None:
    name = obj["metadata"].get("name")
    if name:
        obj["metadata"].setdefault("labels", {})[NAME_LABEL] = name


def _prepare_create(obj: Object, _ctx: Context) -> None:
    _default(obj)
    obj["status"] = {"phase": "Active"}
    finalizers = obj.setdefault("spec", {}).setdefault("finalizers", [])
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    new["spec"] = old["spec"]


def _prepare_delete(obj: Object, _ctx: Context) -> None:
    obj["status"] = (obj.get("status") or {}) | {"phase": "Terminating"}


def _prepare_finalize(new: Object, old: Object, _ctx: Context) -> None:
    new["status"] = old.get("status") or {}


def _finalized(obj: Object) -> bool:
    return bool((obj.get("spec") or {}).get("finalizers"))


def _validate(obj: Object) -> list[FieldError]:
    # Upstream names the list, not the item, on create.
    return [error for name in _finalizers(obj) for error in _name_errors(name, "spec.finalizers")]


def _validate_update(_new: Object, _old: Object) -> list[FieldError]:
    return []


def _validate_finalize(new: Object, _old: Object) -> list[FieldError]:
    names = enumerate(_finalizers(new))
    return [error for index, name in names for error in _name_errors(name, f"spec.finalizers[{index}]")]


def _name_errors(name: str, path: str) -> list[FieldError]:
    errors = [invalid(path, name, message) for message in qualified_name(name)]
    if "/" not in name and name not in STANDARD_FINALIZERS:
        errors.append(invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified"))
    return errors


def _finalizers(obj: Object) -> list[str]:
    return (obj.get("spec") or {}).get("finalizers") or []


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    phase = at(new, "status", "phase", default="")
    deleted = bool(new["metadata"].get("deletionTimestamp"))
    if deleted and phase != "Terminating":
        return [invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
    if not deleted and phase != "Active":
        return [invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")]
    return []


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
        Subresource(
            name="finalize",
            verbs=("update",),
            update=UpdateStrategy(prepare=_prepare_finalize, validate=_validate_finalize),
        ),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),
    ),
    strategy=Strategy(
        validate_name=name_is_dns_label,
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        prepare_delete=_prepare_delete,
        blocks_removal=_finalized,
        validate=_validate,
        validate_update=_validate_update,
        own_deletion=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=(Column("Status", "string", lambda obj, _now: at(obj, "status", "phase", default="")), AGE),
    selectable=(("status.phase", lambda obj: at(obj, "status", "phase", default="")),),
    unknown_selector="field label not supported: {}",
)
