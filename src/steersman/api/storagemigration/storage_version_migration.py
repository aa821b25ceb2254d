"""StorageVersionMigration: rewrites a resource's stored objects in the current storage version.

Invariants: the spec never changes; its status never goes back from success or failure.
Upstream differences: none known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.names import dns1035_label, dns1123_subdomain
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import clear_status, status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

_STATES = ("Running", "Failed", "Succeeded")
_VERSION = re.compile("[1-9][0-9]*")


def _validate(obj: Object) -> list[FieldError]:
    resource, group = _resource(obj)
    path = "spec.resource"
    errors: list[FieldError] = []
    if not resource:
        errors.append(required(f"{path}.resource", "resource is required to be set"))
    elif problems := dns1035_label(resource):
        errors.append(invalid(f"{path}.resource", resource, ",".join(problems)))
    if group and (problems := dns1123_subdomain(group)):
        errors.append(invalid(f"{path}.group", group, ",".join(problems)))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate(new)
    if _resource(new) != _resource(old):
        resource, group = _resource(new)
        errors.append(invalid("spec", {"Resource": {"group": group, "resource": resource}}, IMMUTABLE))
    return errors


def _resource(obj: Object) -> tuple[str, str]:
    resource = at(obj, "spec", "resource", default={})
    return resource.get("resource") or "", resource.get("group") or ""


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    version, was = at(new, "status", "resourceVersion", default=""), at(old, "status", "resourceVersion", default="")
    errors: list[FieldError] = []
    if version and not _VERSION.fullmatch(version):
        errors.append(invalid("status.resourceVersion", version, f"resource version is not well formed: {version}"))
    conditions = at(new, "status", "conditions", default=[])
    errors += validate_conditions(conditions, "status.conditions")
    if was and was != version:
        errors.append(invalid("status.resourceVersion", version, IMMUTABLE))
    succeeded, failed = _holds(new, "Succeeded"), _holds(new, "Failed")
    problems = []
    if succeeded and failed:
        problems.append("Both success and failed conditions cannot be true at the same time")
    if _holds(old, "Succeeded") and not succeeded:
        problems.append("Success condition cannot be set to false once it is true")
    if _holds(old, "Failed") and not failed:
        problems.append("Failed condition cannot be set to false once it is true")
    return errors + [invalid("status.conditions", [_shown(each) for each in conditions], text) for text in problems]


def _holds(obj: Object, kind: str) -> bool:
    conditions = at(obj, "status", "conditions", default=())
    return next((each.get("status") == "True" for each in conditions if each.get("type") == kind), False)


def _shown(condition: Object) -> Object:
    shown: Object = {"type": condition.get("type", ""), "status": condition.get("status", "")}
    if condition.get("observedGeneration"):
        shown["observedGeneration"] = condition["observedGeneration"]
    return shown | {
        "lastTransitionTime": condition.get("lastTransitionTime"),
        "reason": condition.get("reason", ""),
        "message": condition.get("message", ""),
    }


def _resource_cell(obj: Object, _now: datetime) -> str:
    resource, group = _resource(obj)
    return f"{resource}.{group}" if group else resource


def _status_cell(obj: Object, _now: datetime) -> str:
    conditions = at(obj, "status", "conditions", default=())
    states = [each["type"] for each in conditions if each.get("status") == "True" and each.get("type") in _STATES]
    return str(states[-1]) if states else "Unknown"


STORAGE_VERSION_MIGRATIONS = Resource(
    group="storagemigration.k8s.io",
    version="v1",
    kind="StorageVersionMigration",
    plural="storageversionmigrations",
    singular="storageversionmigration",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storagemigration.v1.StorageVersionMigration"),
    storage_version="v1beta1",
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        prepare_create=clear_status,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=(
        # Upstream gives its name no format.
        Column("Name", "string", lambda obj, _now: obj["metadata"].get("name", "")),
        Column("Resource", "string", _resource_cell),
        Column("Status", "string", _status_cell),
    ),
)
