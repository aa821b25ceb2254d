"""ResourceClaimTemplate: a template for claims, one for each pod.

Invariants: the specification never changes.
Upstream differences: as of ResourceClaim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import only_labels_and_annotations
from steersman.api.dra.claim_spec import declared_claim_spec, default_claim_spec, drop_disabled, validate_claim_spec
from steersman.api.errors import FieldError, invalid
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.object_meta import IMMUTABLE, validate_annotations
from steersman.api.resource import Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_PATH = "spec.spec"


def _claim_spec(obj: Object) -> Object:
    spec: Object = at(obj, "spec", "spec", default={})
    return spec


def _default(obj: Object) -> None:
    default_claim_spec(_claim_spec(obj))


def _prepare_create(obj: Object, _ctx: Context) -> None:
    drop_disabled(_claim_spec(obj))


def _prepare_update(new: Object, _old: Object, _ctx: Context) -> None:
    drop_disabled(_claim_spec(new))


def _validate(obj: Object) -> list[FieldError]:
    return _validate_template(obj) + declared_claim_spec(_claim_spec(obj), _PATH)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    if new.get("spec") == old.get("spec"):
        return []
    shown = render("ResourceClaimTemplateSpec", new.get("spec") or {})
    changed = [invalid("spec", shown, IMMUTABLE)]
    return _validate_template(new) + changed + declared_claim_spec(_claim_spec(new), _PATH)


def _validate_template(obj: Object) -> list[FieldError]:
    metadata, path = at(obj, "spec", "metadata", default={}), "spec.metadata"
    errors = validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    errors += validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += only_labels_and_annotations(metadata, path)
    return errors + validate_claim_spec(_claim_spec(obj), _PATH)


RESOURCE_CLAIM_TEMPLATES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceClaimTemplate",
    plural="resourceclaimtemplates",
    singular="resourceclaimtemplate",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.resource.v1.ResourceClaimTemplate"),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        delete_returns_object=True,
    ),
    columns=(AGE,),
)
