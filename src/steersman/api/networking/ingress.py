"""Ingress: HTTP routes from outside to services.

Invariants: what older rules let in may stay. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.load_balancer import point_warnings, points_text, validate_ingress_points
from steersman.api.errors import FieldError, invalid
from steersman.api.networking.ingress_validation import options_for, validate_spec
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_HOSTS_MAX = 3


def _validate(obj: Object) -> list[FieldError]:
    errors = validate_spec(obj.get("spec") or {}, options_for(None))
    annotation, name = at(obj, "metadata", "annotations", CLASS_ANNOTATION), at(obj, "spec", "ingressClassName")
    if annotation is not None and name is not None and annotation != name:
        detail = "must match `ingressClassName` when both are specified"
        errors.append(invalid(f"annotations.{CLASS_ANNOTATION}", annotation, detail))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return validate_spec(new.get("spec") or {}, options_for(old.get("spec") or {}))


def _warnings(new: Object, old: Object | None) -> list[str]:
    annotated = at(new, "metadata", "annotations", CLASS_ANNOTATION) is not None
    if old is None and annotated and at(new, "spec", "ingressClassName") is None:
        return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]
    return []


def _class(obj: Object, _now: datetime) -> str:
    return str(at(obj, "spec", "ingressClassName", default="<none>"))


def _hosts(obj: Object, _now: datetime) -> str:
    rules = at(obj, "spec", "rules", default=[])
    shown: list[str] = []
    more = False
    for rule in rules:
        more = more or len(shown) == _HOSTS_MAX
        if not more and rule.get("host"):
            shown.append(rule["host"])
    text = ",".join(shown) or "*"
    return f"{text} + {len(rules) - _HOSTS_MAX} more..." if more else text


def _ports(obj: Object, _now: datetime) -> str:
    return "80, 443" if at(obj, "spec", "tls") else "80"


INGRESSES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="Ingress",
    plural="ingresses",
    singular="ingress",
    short_names=("ing",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.networking.v1.Ingress"),
    storage_prefix="ingress",
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=replace(status_view(validate_ingress_points), warnings=point_warnings),
        ),
    ),
    strategy=Strategy(
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Class", "string", _class),
        Column("Hosts", "string", _hosts),
        Column("Address", "string", lambda obj, _now: points_text(obj)),
        Column("Ports", "string", _ports),
        AGE,
    ),
)
