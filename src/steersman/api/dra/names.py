"""Names of drivers, pools and device attributes, and the two ways in which upstream judges them.

Most rules of this group exist twice upstream: written by hand, and declared beside the type. Where both speak about the
same field the declared one is told, in its own words and after everything written by hand. Here functions named
`declared_...` hold the declared rules, the others what is left of the handwritten ones.
"""

from __future__ import annotations

from steersman.api.errors import FieldError, invalid, required, too_long, too_long_characters
from steersman.api.meta.names import (
    byte_length,
    c_identifier,
    dns1123_label,
    dns1123_subdomain,
    dns1123_subdomain_caseless,
    qualified_name,
)

DRIVER_LENGTH_MAX = 63
POOL_BYTES_MAX = 253
DOMAIN_BYTES_MAX = 63
ID_BYTES_MAX = 32
KEY_SHOWN_MAX = DOMAIN_BYTES_MAX + 1 + ID_BYTES_MAX
_FULLY_QUALIFIED = "a fully qualified name must be a domain and a name separated by a slash"
_UUID = "must be a lowercase UUID in 8-4-4-4-12 format"


def device_label(name: str, path: str) -> list[FieldError]:
    """Names of devices and requests."""
    return [invalid(path, name, message) for message in dns1123_label(name)]


def class_name(name: str, path: str) -> list[FieldError]:
    if not name:
        return [required(path)]
    return [invalid(path, name, message) for message in dns1123_subdomain(name)]


def driver_name(name: str, path: str) -> list[FieldError]:
    """As of CSI drivers: upper case is let through."""
    if not name:
        return [required(path)]
    errors = [too_long(path, DRIVER_LENGTH_MAX)] if byte_length(name) > DRIVER_LENGTH_MAX else []
    return errors + [invalid(path, name, message) for message in dns1123_subdomain(name.lower())]


def pool_name(name: str, path: str) -> list[FieldError]:
    """Subdomains, separated by slashes."""
    if not name:
        return [required(path)]
    errors = [too_long(path, POOL_BYTES_MAX)] if byte_length(name) > POOL_BYTES_MAX else []
    for part in name.split("/"):
        errors += [invalid(path, part, message) for message in dns1123_subdomain(part)]
    return errors


def attribute_name(name: str, path: str) -> list[FieldError]:
    """`id` or `domain/id`. More slashes are let through, as upstream does."""
    parts = name.split("/")
    if len(parts) == 1:
        return _identifier(name, path)
    errors: list[FieldError] = []
    if len(parts) == 2:
        errors += driver_name(parts[0], path) if parts[0] else [invalid(path, "", "the domain must not be empty")]
        errors += _identifier(parts[1], path) if parts[1] else [invalid(path, "", "the name must not be empty")]
    return errors


def _identifier(name: str, path: str) -> list[FieldError]:
    errors = [too_long(path, ID_BYTES_MAX)] if byte_length(name) > ID_BYTES_MAX else []
    return errors + [invalid(path, name, message) for message in c_identifier(name)]


# --- Declared rules ----------------------------------------------------------------------------------------------


def declared_label(name: str, path: str) -> list[FieldError]:
    return [invalid(path, name, message) for message in dns1123_label(name, unit="bytes")]


def declared_class_name(name: str, path: str) -> list[FieldError]:
    return declared_subdomain(name, path) if name else [required(path)]


def declared_subdomain(name: str, path: str) -> list[FieldError]:
    return [invalid(path, name, message) for message in dns1123_subdomain(name, unit="bytes")]


def declared_driver_name(name: str, path: str) -> list[FieldError]:
    if not name:
        return [required(path)]
    errors = [invalid(path, name, message) for message in dns1123_subdomain_caseless(name)]
    if len(name) > DRIVER_LENGTH_MAX:
        errors.append(too_long_characters(path, DRIVER_LENGTH_MAX))
    return errors


def declared_pool_name(name: str, path: str) -> list[FieldError]:
    if not name:
        return [required(path)]
    errors = [too_long(path, POOL_BYTES_MAX)] if byte_length(name) > POOL_BYTES_MAX else []
    for index, part in enumerate(name.split("/")):
        if not part:
            errors.append(invalid(path, name, f"segment {index}: must not be empty"))
            continue
        messages = dns1123_subdomain(part, unit="bytes")
        errors += [invalid(path, part, f"segment {index}: {message}") for message in messages]
    return errors


def declared_fully_qualified(name: str, path: str) -> list[FieldError]:
    """`domain/id`."""
    parts = name.split("/")
    errors: list[FieldError] = []
    if len(parts) == 1:
        errors += _identifier(name, path)
    elif len(parts) == 2:
        domain, id_ = parts
        if not domain:
            errors.append(invalid(path, "", "prefix must not be empty"))
        else:
            errors += [too_long(path, DOMAIN_BYTES_MAX)] if byte_length(domain) > DOMAIN_BYTES_MAX else []
            messages = dns1123_subdomain(domain, unit="bytes")
            errors += [invalid(path, domain, f"prefix: {message}") for message in messages]
        errors += _identifier(id_, path) if id_ else [invalid(path, "", "name must not be empty")]
    if len(parts) == 1:
        errors.append(invalid(path, name, _FULLY_QUALIFIED))
    return errors


def declared_uuid(text: str, path: str) -> list[FieldError]:
    dashes = (8, 13, 18, 23)
    fits = len(text) == 36 and all(
        char == "-" if index in dashes else char in "0123456789abcdef" for index, char in enumerate(text)
    )
    return [] if fits else [invalid(path, text, _UUID)]


def declared_extended_resource(name: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if "/" not in name:
        errors.append(invalid(path, name, "a name must be a domain-prefixed path, such as 'example.com/my-prop'"))
    elif "kubernetes.io/" in name:
        errors.append(invalid(path, name, 'must not have "kubernetes.io/" domain'))
    if name.startswith("requests."):
        errors.append(invalid(path, name, 'must not have "requests." prefix'))
    # Quotas must be able to name it, too.
    return errors + [invalid(path, name, message) for message in qualified_name(f"requests.{name}")]
