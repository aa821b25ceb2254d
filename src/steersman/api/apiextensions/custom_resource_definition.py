"""CustomResourceDefinition: a resource that users define.

What is defined is made of it by `custom_resource`; its status is kept by `apiserver/crd.py`, as `definition_status`
plans it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apiextensions.condition_types import ESTABLISHED, TERMINATING
from steersman.api.apiextensions.definition_schema import schema_warnings
from steersman.api.apiextensions.definition_validation import (
    name_rule,
    validate_definition,
    validate_definition_status,
    validate_definition_update,
)
from steersman.api.columns import at
from steersman.api.meta.conditions import condition, is_condition_true, set_condition
from steersman.api.meta.times import parse_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_WEBHOOK_PORT = 443


def storage_version(crd: Object) -> str:
    """The version that is stored; empty if a definition (an invalid one) has none."""
    versions = (crd.get("spec") or {}).get("versions") or ()
    return next((version.get("name") or "" for version in versions if version.get("storage")), "")


def _default(crd: Object) -> None:
    spec = crd.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind") or ""
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    conversion = spec.get("conversion")
    if conversion is None:
        spec["conversion"] = {"strategy": "None"}
    elif service := at(conversion, "webhook", "clientConfig", "service"):
        service.setdefault("port", _WEBHOOK_PORT)
    _remember_storage_version(crd, only_first=True)


def _remember_storage_version(crd: Object, *, only_first: bool = False) -> None:
    """Whatever was once the storage version may still be stored."""
    version = storage_version(crd)
    status = crd.setdefault("status", _empty_status())
    stored = status.get("storedVersions") or []
    if version and version not in stored and not (only_first and stored):
        status["storedVersions"] = [*stored, version]


def _empty_status() -> Object:
    return {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}


def _prepare_create(crd: Object, _ctx: Context) -> None:
    crd["status"] = _empty_status()
    _remember_storage_version(crd)


def _prepare_update(crd: Object, old: Object, _ctx: Context) -> None:
    crd["status"] = dict(old.get("status") or _empty_status())
    _remember_storage_version(crd)


def _mark_deleted(crd: Object, timestamp: str) -> None:
    """What it defines goes first: a finalizer sees to that."""
    metadata = crd["metadata"]
    metadata["deletionTimestamp"] = timestamp
    finalizers = metadata.get("finalizers") or []
    if CLEANUP_FINALIZER not in finalizers:
        metadata["finalizers"] = [*finalizers, CLEANUP_FINALIZER]
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    set_condition(crd, condition(TERMINATING, "True", "InstanceDeletionPending", message), timestamp)


def _status_update(crd: Object, _old: Object) -> list[FieldError]:
    return validate_definition_status(crd)


def _warnings(crd: Object, old: Object | None) -> list[str]:
    """What an update does not change is not told again."""
    formats, sets = schema_warnings(crd.get("spec") or {})
    known_formats, known_sets = schema_warnings((old or {}).get("spec") or {})
    return [text for text in formats if text not in known_formats] + [text for text in sets if text not in known_sets]


def _created(crd: Object, _now: datetime) -> str:
    text = at(crd, "metadata", "creationTimestamp", default="")
    return parse_time(text).strftime("%Y-%m-%dT%H:%M:%SZ") if text else "0001-01-01T00:00:00Z"


def _served_versions(crd: Object, _now: datetime) -> str:
    versions = [version for version in at(crd, "spec", "versions", default=()) if version.get("served")]
    return ",".join(sorted(version["name"] + ("(storage)" if version.get("storage") else "") for version in versions))


CUSTOM_RESOURCE_DEFINITIONS = Resource(
    group="apiextensions.k8s.io",
    version="v1",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    singular="customresourcedefinition",
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"),
    storage_version="v1beta1",
    storage_prefix="apiextensions.k8s.io/customresourcedefinitions",
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_status_update)),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=validate_definition,
        validate_update=validate_definition_update,
        warnings=_warnings,
        name_rule=name_rule,
        standard_finalizers=False,
        mark_deleted=_mark_deleted,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
    columns=(
        Column("Scope", "string", lambda crd, _now: at(crd, "spec", "scope", default="")),
        Column("Versions", "string", _served_versions),
        Column("Created At", "date", _created),
        Column("Group", "string", lambda crd, _now: at(crd, "spec", "group", default=""), priority=1),
        Column("Kind", "string", lambda crd, _now: at(crd, "spec", "names", "kind", default=""), priority=1),
        Column(
            "ShortNames",
            "string",
            lambda crd, _now: ",".join(at(crd, "spec", "names", "shortNames", default=())),
            priority=1,
        ),
        Column("Established", "boolean", lambda crd, _now: is_condition_true(crd, ESTABLISHED), priority=1),
    ),
)
