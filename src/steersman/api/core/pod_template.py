"""PodTemplate: a stored template for pods. Upstream differences: none known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import labels_text
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.gates import drop_disabled_from_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.core.workload import container_cell, labels_of
from steersman.api.resource import Column, Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object


def _default(obj: Object) -> None:
    """The template is a value, not a pointer: it is always there, and gets the defaults of an empty one."""
    obj.setdefault("template", {}).setdefault("spec", {})
    default_template(obj["template"])


def _prepare_create(obj: Object, _ctx: Context) -> None:
    drop_disabled_from_template(obj.get("template"), None)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    drop_disabled_from_template(new.get("template"), old.get("template"))


def _validate(obj: Object) -> list[FieldError]:
    return validate_template(obj.get("template") or {}, "template", options_for(None))


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return validate_template(new.get("template") or {}, "template", options_for(old.get("template") or {}))


def _warnings(new: Object, old: Object | None) -> list[str]:
    if old is not None and new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return template_warnings(new.get("template"), "template")


def _cell(field: str) -> Callable[[Object, datetime], str]:
    return lambda obj, _now: container_cell(obj.get("template") or {}, field)


POD_TEMPLATES = Resource(
    group="",
    version="v1",
    kind="PodTemplate",
    plural="podtemplates",
    singular="podtemplate",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.PodTemplate"),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        generation_fields=("template",),
        delete_returns_object=True,
    ),
    columns=(
        Column("Containers", "string", _cell("name")),
        Column("Images", "string", _cell("image")),
        Column("Pod Labels", "string", lambda obj, _now: labels_text(labels_of(obj.get("template") or {}))),
    ),
)
