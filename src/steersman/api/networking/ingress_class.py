"""IngressClass: names the controller of a class of ingresses.

Invariants: the controller never changes. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each, subdomain
from steersman.api.errors import FieldError, forbidden, not_supported, required, too_long
from steersman.api.meta.domains import domain_prefixed_path
from steersman.api.meta.names import byte_length, name_is_dns_label, path_segment
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
CONTROLLER_BYTES_MAX = 250
_CONTROLLER, _PARAMETERS = "spec.controller", "spec.parameters"


def _default(obj: Object) -> None:
    parameters = at(obj, "spec", "parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def _validate(obj: Object) -> list[FieldError]:
    controller = at(obj, "spec", "controller", default="")
    errors = []
    if byte_length(controller) > CONTROLLER_BYTES_MAX:
        errors.append(too_long(_CONTROLLER, CONTROLLER_BYTES_MAX))
    errors += domain_prefixed_path(_CONTROLLER, controller)
    parameters = at(obj, "spec", "parameters")
    return errors if parameters is None else errors + _validate_parameters(parameters)


def _validate_parameters(parameters: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if parameters.get("apiGroup") is not None:
        errors += subdomain(parameters["apiGroup"], f"{_PARAMETERS}.apiGroup")
    missing = []
    for name in ("kind", "name"):
        value = parameters.get(name) or ""
        if value:
            errors += each(f"{_PARAMETERS}.{name}", value, path_segment(value))
        else:
            missing.append(required(f"{_PARAMETERS}.{name}"))
    return errors + _validate_scope(parameters) + missing


def _validate_scope(parameters: Object) -> list[FieldError]:
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    path = f"{_PARAMETERS}.namespace"
    match scope:
        case None:
            return [required(f"{_PARAMETERS}.scope")]
        case "Namespace":
            if namespace is None:
                return [required(path, "`parameters.scope` is set to 'Namespace'")]
            return each(path, namespace, name_is_dns_label(namespace))
        case "Cluster":
            return [] if namespace is None else [forbidden(path, "`parameters.scope` is set to 'Cluster'")]
    return [not_supported(f"{_PARAMETERS}.scope", scope, ("Cluster", "Namespace"))]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    controller, was = (at(obj, "spec", "controller", default="") for obj in (new, old))
    return immutable(controller, was, _CONTROLLER) + _validate(new)


def _name(obj: Object, _now: datetime) -> str:
    marked = at(obj, "metadata", "annotations", DEFAULT_ANNOTATION) == "true"
    return f"{obj['metadata']['name']} (default)" if marked else str(obj["metadata"]["name"])


def _parameters(obj: Object, _now: datetime) -> str:
    parameters = at(obj, "spec", "parameters")
    if parameters is None:
        return "<none>"
    group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") is not None else ""
    return f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"


INGRESS_CLASSES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="IngressClass",
    plural="ingressclasses",
    singular="ingressclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.IngressClass"),
    strategy=Strategy(default=_default, validate=_validate, validate_update=_validate_update, has_generation=True),
    columns=(
        Column("Name", "string", _name, format="name"),
        Column("Controller", "string", lambda obj, _now: at(obj, "spec", "controller", default="")),
        Column("Parameters", "string", _parameters),
        AGE,
    ),
)
