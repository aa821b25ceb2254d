"""Names that carry a domain, judged with a field path: `acme.io/foo`, `example.com.`, `controller.example.com`."""

from __future__ import annotations

from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.names import dns1123_label, dns1123_subdomain, http_path, qualified_name


def fully_qualified_name(path: str, name: str) -> list[FieldError]:
    """A domain of at least three segments."""
    if not name:
        return [required(path)]
    if messages := dns1123_subdomain(name):
        return [invalid(path, name, ",".join(messages))]
    if name.count(".") < 2:
        return [invalid(path, name, "should be a domain with at least three segments separated by dots")]
    return []


def fully_qualified_domain_name(path: str, name: str) -> list[FieldError]:
    """A domain of at least two labels; a final dot is allowed."""
    if not name:
        return [required(path)]
    name = name.removesuffix(".")
    if messages := dns1123_subdomain(name):
        return [invalid(path, name, ",".join(messages))]
    if "." not in name:
        return [invalid(path, name, "should be a domain with at least two segments separated by dots")]
    for label in name.split("."):
        if messages := dns1123_label(label):
            return [invalid(path, label, ",".join(messages))]
    return []


def domain_prefixed_path(path: str, value: str) -> list[FieldError]:
    """`host/path`, as signer names and controller names are."""
    if not value:
        return [required(path)]
    host, _, rest = value.partition("/")
    if not host or not rest:
        return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    errors = [invalid(path, host, message) for message in dns1123_subdomain(host)]
    return errors + [invalid(path, rest, message) for message in http_path(rest)]


def domain_prefixed_key(path: str, key: str) -> list[FieldError]:
    """A label key with a prefix."""
    if not key:
        return [required(path)]
    if messages := qualified_name(key):
        return [invalid(path, key, message) for message in messages]
    if "/" not in key:
        return [invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')]
    return []
