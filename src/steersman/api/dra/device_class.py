"""DeviceClass: a category of devices that can be claimed.

Upstream differences: CEL expressions are not compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.dra.devices import (
    CONFIG_MAX,
    declared_configuration,
    declared_list,
    declared_selectors,
    each,
    validate_configuration,
    validate_selectors,
)
from steersman.api.dra.names import declared_extended_resource, declared_subdomain
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object


def _any_name(_name: str, _prefix: bool) -> list[str]:
    """The rule about names is a declared one: it comes last, and says nothing about prefixes."""
    return []


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, {}) + _declared(obj)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new, old.get("spec") or {}) + _declared(new)


def _validate_spec(obj: Object, old: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    selectors, configs = spec.get("selectors") or (), spec.get("config") or ()
    stored = bool(configs) and configs == old.get("config")

    def configuration(config: Object, path: str) -> list[FieldError]:
        return validate_configuration(config, path, stored=stored)

    errors = validate_selectors(selectors, "spec.selectors")
    return errors + each(configs, "spec.config", configuration, limit=CONFIG_MAX)


def _declared(obj: Object) -> list[FieldError]:
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name")
    errors = declared_subdomain(name, "metadata.name") if name else []
    errors += declared_selectors(spec.get("selectors") or (), "spec.selectors")
    errors += declared_list(spec.get("config") or (), "spec.config", limit=CONFIG_MAX, judge=declared_configuration)
    if (resource := spec.get("extendedResourceName")) is not None:
        errors += declared_extended_resource(resource, "spec.extendedResourceName")
    return errors


DEVICE_CLASSES = Resource(
    group="resource.k8s.io",
    version="v1",
    kind="DeviceClass",
    plural="deviceclasses",
    singular="deviceclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.resource.v1.DeviceClass"),
    strategy=Strategy(
        validate=_validate,
        validate_update=_validate_update,
        validate_name=_any_name,
        has_generation=True,
        delete_returns_object=True,
    ),
    columns=(AGE,),
)
