"""How the server reaches a webhook: an https URL, or a service and a path (apiserver: pkg/util/webhook)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.names import dns1123_subdomain, port_number
from steersman.lib.url import parse_url

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

DEFAULT_PORT = 443
_FORM = "; desired format: https://host[/path]"


def default_service(service: Object) -> None:
    service.setdefault("port", DEFAULT_PORT)


def validate_url(url: str, path: str) -> list[FieldError]:
    """An https URL of host and path alone."""
    try:
        parts = parse_url(url)
    except ValueError as error:
        return [required(path, f"url must be a valid URL: {error}{_FORM}")]
    errors = []
    if parts.scheme != "https":
        errors.append(invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not parts.host:
        errors.append(invalid(path, "", f"host must be specified{_FORM}"))
    if parts.user is not None:
        errors.append(invalid(path, parts.user, "user information is not permitted in the URL"))
    if parts.fragment:
        errors.append(invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        errors.append(invalid(path, parts.query, "query parameters are not permitted in the URL"))
    return errors


def validate_service(service: Object, path: str) -> list[FieldError]:
    """Upstream takes name and namespace for each other here, so the wrong one is named."""
    errors = [
        required(f"{path}.{told}")
        for told, name in (("name", "namespace"), ("namespace", "name"))
        if not service.get(name)
    ]
    port = service.get("port", DEFAULT_PORT)
    if problems := port_number(port):
        errors.append(invalid(f"{path}.port", port, f"port is not valid: {', '.join(problems)}"))
    text, at = service.get("path") or "", f"{path}.path"
    if text in ("", "/"):
        return errors
    if text == "//":
        return [*errors, invalid(at, text, "segment[0] may not be empty")]
    if not text.startswith("/"):
        errors.append(invalid(at, text, "must start with a '/'"))
    for index, segment in enumerate(text[1:].removesuffix("/").split("/")):
        if not segment:
            errors.append(invalid(at, text, f"segment[{index}] may not be empty"))
            continue
        errors += [invalid(at, text, f"segment[{index}]: {problem}") for problem in dns1123_subdomain(segment)]
    return errors
