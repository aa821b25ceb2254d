"""ControllerRevision: a snapshot of the state of a DaemonSet or StatefulSet.

Invariants: its data never changes. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.columns import AGE
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object


def _validate(obj: Object) -> list[FieldError]:
    errors = nonnegative(obj.get("revision") or 0, "revision")
    data = obj.get("data")
    if data is None:
        errors.append(required("data", "data is mandatory"))
    elif not isinstance(data, dict):
        errors.append(required("data", "data must be a valid JSON object"))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = nonnegative(new.get("revision") or 0, "revision")
    if new.get("data") != old.get("data"):
        errors.append(invalid("data", _shown(new.get("data")), IMMUTABLE))
    return errors


def _shown(data: Any) -> Any:
    """Raw data as messages print it."""
    return data


def _controller(obj: Object, _now: datetime) -> str:
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            group = (owner.get("apiVersion") or "").rpartition("/")[0]
            kind = f"{owner.get('kind')}.{group}" if group else owner.get("kind") or ""
            return f"{kind.lower()}/{owner.get('name')}"
    return "<none>"


CONTROLLER_REVISIONS = Resource(
    group="apps",
    version="v1",
    kind="ControllerRevision",
    plural="controllerrevisions",
    singular="controllerrevision",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.ControllerRevision"),
    strategy=Strategy(validate=_validate, validate_update=_validate_update),
    columns=(
        Column("Controller", "string", _controller),
        Column("Revision", "string", lambda obj, _now: obj.get("revision") or 0),
        AGE,
    ),
)
