"""URLs: `url('https://example.com:80/path?q=1').getHost()`; only absolute ones and paths that begin with a slash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.numbers import go_quote
from steersman.cel.types import opaque
from steersman.cel.values import Opaque
from steersman.lib.url import Url, parse_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ESCAPED = re.compile(r"(?:[A-Za-z0-9$&+,/:;=@._~!'()*\[\]-]|%[0-9A-Fa-f]{2})*")
_SAFE = "$&+,/:;=@!'()*[]~"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class URL(Opaque):
    """A parsed URL; `path` keeps the escapes it was written with."""

    parts: Url
    path: str
    cel_type = opaque("kubernetes.URL")


def parse_absolute(text: str) -> URL:
    """Raises ValueError with Go's message."""
    if not text:
        raise ValueError('parse "": empty url')
    body = text.partition("#")[0]
    scheme = _SCHEME.match(body)
    rest = body[scheme.end() :] if scheme is not None else body
    if scheme is None and text != "*" and not text.startswith(("/", ":")) and text.isprintable():
        raise ValueError(f"parse {go_quote(text)}: invalid URI for request")
    parts = parse_url(text)
    path = rest.partition("?")[0]
    if path.startswith("//") and (scheme is not None or not path.startswith("///")):
        path = "/" + path[2:].partition("/")[2] if "/" in path[2:] else ""
    elif scheme is not None and not path.startswith("/"):
        path = ""  # what follows the scheme is opaque
    return URL(parts, path if _ESCAPED.fullmatch(path) else quote(parts.path, safe=_SAFE))


def _read(text: str) -> URL:
    try:
        return parse_absolute(text)
    except ValueError as error:
        raise EvaluationError(f"URL parse error during conversion from string: {error}") from None


def _is_url(text: str) -> bool:
    try:
        parse_absolute(text)
    except ValueError:
        return False
    return True


def _hostname(value: URL) -> str:
    host = value.parts.host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _port(value: URL) -> str:
    host = value.parts.host
    return (host.partition("]")[2] if host.startswith("[") else host).partition(":")[2]


def _query(value: URL) -> dict[str, list[str]]:
    """All values of each name; a pair that is written wrongly is left out."""
    found: dict[str, list[str]] = {}
    for pair in value.parts.query.split("&"):
        if not pair or ";" in pair or _BAD_ESCAPE.search(pair):
            continue
        name, _, part = pair.partition("=")
        found.setdefault(unquote_plus(name), []).append(unquote_plus(part))
    return found


_SELF = "kubernetes.URL"

URLS = Library(
    "urls",
    {
        "url": (Overload("string_to_url", f"(string) -> {_SELF}", _read),),
        "isURL": (Overload("is_url_string", "(string) -> bool", _is_url),),
        "getScheme": (Overload("url_get_scheme", f"{_SELF}.() -> string", lambda value: value.parts.scheme),),
        "getHost": (Overload("url_get_host", f"{_SELF}.() -> string", lambda value: value.parts.host),),
        "getHostname": (Overload("url_get_hostname", f"{_SELF}.() -> string", _hostname),),
        "getPort": (Overload("url_get_port", f"{_SELF}.() -> string", _port),),
        "getEscapedPath": (Overload("url_get_escaped_path", f"{_SELF}.() -> string", lambda value: value.path),),
        "getQuery": (Overload("url_get_query", f"{_SELF}.() -> map(string, list(string))", _query),),
    },
)
