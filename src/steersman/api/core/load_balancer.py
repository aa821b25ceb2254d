"""`status.loadBalancer` of Services and Ingresses: where traffic from outside arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.addresses import ip_warnings, parse_ip_sloppy, valid_ip_legacy
from steersman.api.meta.names import dns1123_subdomain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_PATH = "status.loadBalancer.ingress"


def ingress_points(obj: Object) -> list[Object]:
    points: list[Object] = at(obj, "status", "loadBalancer", "ingress", default=[])
    return points


def validate_service_points(new: Object, old: Object) -> list[FieldError]:
    points = ingress_points(new)
    if at(new, "spec", "type") != "LoadBalancer" and points:
        return [forbidden(_PATH, "may only be used when `spec.type` is 'LoadBalancer'")]
    known = _known(old)
    errors: list[FieldError] = []
    for index, point in enumerate(points):
        path = f"{_PATH}[{index}]"
        errors += _validate_ip(point, path, known)
        errors += _validate_mode(point, path)
        errors += _validate_hostname(point, path)
    return errors


def validate_ingress_points(new: Object, old: Object) -> list[FieldError]:
    known = _known(old)
    errors: list[FieldError] = []
    for index, point in enumerate(ingress_points(new)):
        path = f"{_PATH}[{index}]"
        errors += _validate_ip(point, path, known) + _validate_hostname(point, path)
    return errors


def point_warnings(new: Object, _old: Object | None) -> list[str]:
    return [
        text
        for index, point in enumerate(ingress_points(new))
        if point.get("ip")
        for text in ip_warnings(f"{_PATH}[{index}]", point["ip"])
    ]


def points_text(obj: Object) -> str:
    """The column: addresses, else names, sorted, each once."""
    return ",".join(sorted({point.get("ip") or point.get("hostname") or "" for point in ingress_points(obj)} - {""}))


def _known(old: Object) -> list[str]:
    return [point["ip"] for point in ingress_points(old) if point.get("ip")]


def _validate_ip(point: Object, path: str, known: list[str]) -> list[FieldError]:
    return valid_ip_legacy(f"{path}.ip", point["ip"], old=known) if point.get("ip") else []


def _validate_mode(point: Object, path: str) -> list[FieldError]:
    mode, path = point.get("ipMode"), f"{path}.ipMode"
    if mode is None:
        return [required(path, "must be specified when `ip` is set")] if point.get("ip") else []
    if not point.get("ip"):
        return [forbidden(path, "may not be specified when `ip` is not set")]
    return [] if mode in ("Proxy", "VIP") else [not_supported(path, mode, ("Proxy", "VIP"))]


def _validate_hostname(point: Object, path: str) -> list[FieldError]:
    name, path = point.get("hostname"), f"{path}.hostname"
    if not name:
        return []
    errors = [invalid(path, name, message) for message in dns1123_subdomain(name)]
    if parse_ip_sloppy(name) is not None:
        errors.append(invalid(path, name, "must be a DNS name, not an IP address"))
    return errors
