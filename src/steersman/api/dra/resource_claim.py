"""ResourceClaim: a request for devices.

Invariants: the specification never changes; an allocation is set or removed, never changed; status of devices that are
no longer allocated goes away with the allocation.
Upstream differences: CEL expressions are not compiled; neither the label that a namespace needs for admin access nor
the permissions that upstream asks for behind single fields of the status are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.dra.claim_spec import declared_claim_spec, default_claim_spec, drop_disabled, validate_claim_spec
from steersman.api.dra.claim_status import default_claim_status, prepare_claim_status, validate_claim_status
from steersman.api.errors import FieldError, invalid
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object


def _default(obj: Object) -> None:
    default_claim_spec(obj.get("spec") or {})
    default_claim_status(obj.get("status") or {})


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {}
    drop_disabled(obj.get("spec") or {})


def _prepare_update(new: Object, _old: Object, _ctx: Context) -> None:
    drop_disabled(new.get("spec") or {})


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    return validate_claim_spec(spec, "spec") + declared_claim_spec(spec, "spec")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return [] if new.get("spec") == old.get("spec") else [invalid("spec", None, IMMUTABLE)]


def _state(obj: Object, _now: datetime) -> str:
    deleted = bool(obj["metadata"].get("deletionTimestamp"))
    states = ["deleted"] if deleted else []
    if at(obj, "status", "allocation") is None:
        if not deleted:
            states.append("pending")
    else:
        states.append("allocated")
        if at(obj, "status", "reservedFor"):
            states.append("reserved")
    return ",".join(states)


RESOURCE_CLAIMS = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceClaim",
    plural="resourceclaims",
    singular="resourceclaim",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.resource.v1.ResourceClaim"),
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(validate_claim_status, prepare=prepare_claim_status, keep_metadata=True),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=(Column("State", "string", _state), AGE),
)
