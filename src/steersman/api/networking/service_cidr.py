"""ServiceCIDR: a range of addresses for services; one per family at most in one object.

Invariants: ranges never change; a second family may be added. Allocation reads these objects at every decision, so a
range is in use as soon as it is there. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.service_addresses import IPV4, IPV6
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.addresses import parse_cidr_sloppy, valid_cidr
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

_PATH = "spec.cidrs"


def cidrs_of(obj: Object) -> list[str]:
    cidrs: list[str] = at(obj, "spec", "cidrs", default=[])
    return cidrs


def family_of_cidr(text: str) -> str:
    """Empty for what is no CIDR."""
    parsed = parse_cidr_sloppy(text)
    return "" if parsed is None else IPV4 if parsed[1].version == 4 else IPV6


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {}


def _validate(obj: Object) -> list[FieldError]:
    cidrs = cidrs_of(obj)
    if not cidrs:
        return [required(_PATH, "at least one CIDR required")]
    if len(cidrs) > 2:
        return [invalid(_PATH, {"CIDRs": cidrs}, "may only hold up to 2 values")]
    errors = [error for index, text in enumerate(cidrs) for error in valid_cidr(f"{_PATH}[{index}]", text)]
    if len(cidrs) == 2 and family_of_cidr(cidrs[0]) == family_of_cidr(cidrs[1]) != "":
        detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        errors.append(invalid(_PATH, cidrs, detail))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    cidrs, before = cidrs_of(new), cidrs_of(old)
    changed = [
        invalid(f"{_PATH}[{index}]", text, IMMUTABLE)
        for index, (text, was) in enumerate(zip(cidrs, before, strict=False))
        if text != was
    ]
    if len(cidrs) == len(before):
        return changed
    if len(before) == 1 and len(cidrs) == 2:
        return changed + _validate(new)
    return [invalid(_PATH, cidrs or None, IMMUTABLE)]


def _cidrs(obj: Object, _now: datetime) -> str:
    return ",".join(cidrs_of(obj))


SERVICE_CIDRS = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="ServiceCIDR",
    plural="servicecidrs",
    singular="servicecidr",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.networking.v1.ServiceCIDR"),
    subresources=(
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(Column("CIDRs", "string", _cidrs), AGE),
)
