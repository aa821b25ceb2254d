"""Addresses that stand for endpoints: of Endpoints, EndpointSlices and, for historical reasons, external IPs."""

from __future__ import annotations

from steersman.api.errors import FieldError, invalid
from steersman.api.meta.addresses import parse_ip_sloppy


def validate_endpoint_ip(text: str, path: str) -> list[FieldError]:
    """No address that means something else on every machine."""
    address = parse_ip_sloppy(text)
    if address is None:
        return [invalid(path, text, "must be a valid IP address")]
    errors = []
    if address.is_unspecified:
        errors.append(invalid(path, text, f"may not be unspecified ({text})"))
    if address.is_loopback:
        errors.append(invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)"))
    packed = address.packed
    if address.is_link_local:
        errors.append(invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"))
    multicast = packed[:3] == b"\xe0\x00\x00" if address.version == 4 else packed[0] == 0xFF and packed[1] & 0x0F == 2
    if multicast:
        detail = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
        errors.append(invalid(path, text, detail))
    return errors
