"""IPAddress: one address that is in use by the cluster; its name is the address.

Allocation (`apiserver/allocation`) creates and removes those of Services. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each, subdomain
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.addresses import valid_ip
from steersman.api.meta.names import path_segment
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family"
MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by"
_PARENT = "spec.parentRef"


def _validate_name(name: str, _prefix: bool) -> list[str]:
    return [error.detail for error in valid_ip("", name)]


def _validate(obj: Object) -> list[FieldError]:
    parent = at(obj, "spec", "parentRef")
    if parent is None:
        return [required(_PARENT)]
    errors = subdomain(parent["group"], f"{_PARENT}.group") if parent.get("group") else []
    missing = []
    for name in ("resource", "name", "namespace"):
        value = parent.get(name) or ""
        if value:
            errors += each(f"{_PARENT}.{name}", value, path_segment(value))
        elif name != "namespace":
            missing.append(required(f"{_PARENT}.{name}"))
    return errors + missing


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    same = at(new, "spec", "parentRef") == at(old, "spec", "parentRef")
    return _validate(new) + ([] if same else [invalid(_PARENT, None, IMMUTABLE)])


def _parent(obj: Object, _now: datetime) -> str:
    parent = at(obj, "spec", "parentRef")
    if parent is None:
        return "<none>"
    group = f".{parent['group']}" if parent.get("group") else ""
    parts = (f"{parent.get('resource', '')}{group}".lower(), parent.get("namespace") or "", parent.get("name") or "")
    return "/".join(part for index, part in enumerate(parts) if part or index != 1)


IP_ADDRESSES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="IPAddress",
    plural="ipaddresses",
    singular="ipaddress",
    short_names=("ip",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.IPAddress"),
    strategy=Strategy(validate=_validate, validate_update=_validate_update, validate_name=_validate_name),
    columns=(Column("ParentRef", "string", _parent), replace(AGE, declared=False)),
)
