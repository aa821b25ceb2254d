"""How the server reaches a webhook: an https URL, or a service and a path (apiserver: pkg/util/webhook)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from steersman.api.errors import FieldError, go_quote, invalid, required
from steersman.api.meta.names import dns1123_subdomain, port_number

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

DEFAULT_PORT = 443
_FORM = "; desired format: https://host[/path]"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_IN_HOST = re.compile(r"""[ `^{}|\\#]""")
_HOST_PORT = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(.*)")


def default_service(service: Object) -> None:
    service.setdefault("port", DEFAULT_PORT)


def validate_url(url: str, path: str) -> list[FieldError]:
    """An https URL of host and path alone."""
    if problem := _unreadable(url):
        return [required(path, f"url must be a valid URL: parse {go_quote(url)}: {problem}{_FORM}")]
    parts = urlsplit(url)
    errors = []
    if parts.scheme != "https":
        errors.append(invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    user, has_user, host = parts.netloc.rpartition("@")
    if not host:
        errors.append(invalid(path, "", f"host must be specified{_FORM}"))
    if has_user:
        errors.append(invalid(path, user, "user information is not permitted in the URL"))
    if parts.fragment:
        errors.append(invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        errors.append(invalid(path, parts.query, "query parameters are not permitted in the URL"))
    return errors


def _unreadable(url: str) -> str:
    """Why Go's net/url does not read it; empty if it does."""
    if _CONTROL.search(url):
        return "net/url: invalid control character in URL"
    body = url.partition("#")[0]
    if not body:
        return "" if url else "empty url"
    if body.startswith(":"):
        return "missing protocol scheme"
    scheme = _SCHEME.match(body)
    rest = body[scheme.end() :] if scheme else body
    rest = rest.partition("?")[0]
    if scheme is None and not rest.startswith("/") and ":" in rest.partition("/")[0]:
        return "first path segment in URL cannot contain colon"
    if rest.startswith("//"):
        authority, _, tail = rest[2:].partition("/")
        host = authority.rpartition("@")[2]
        if host.startswith("[") and "]" not in host:
            return "missing ']' in host"
        if bad := _BAD_IN_HOST.search(host):
            return f"invalid character {go_quote(bad[0])} in host name"
        matched = _HOST_PORT.fullmatch(host)
        port = matched[1] if matched is not None else ""
        if port and not re.fullmatch(r":[0-9]*", port):
            return f"invalid port {go_quote(port)} after host"
        rest = f"/{tail}"
    if bad := _BAD_ESCAPE.search(rest):
        return f"invalid URL escape {go_quote(rest[bad.start() : bad.start() + 3])}"
    return ""


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
