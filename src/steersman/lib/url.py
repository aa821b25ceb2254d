"""Reads URLs as leniently, and refuses them in the same words, as Go's net/url."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_IN_HOST = re.compile(
    r"""%(?![0-9A-Fa-f]{2})|%(?!25)[0-7][0-9A-Fa-f]|[^A-Za-z0-9._~$&'()*+,;=:\[\]<>"!%\x80-\U0010ffff-]"""
)
_USER = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_PORT = re.compile(r"(:[0-9]*)?")
_SAFE_IN_USER = "$&+,;="
_NAMED = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


@dataclass(frozen=True, slots=True)
class Url:
    """The parts, without their separators; `user` escaped, None if there is none."""

    scheme: str
    user: str | None
    host: str
    path: str
    query: str
    fragment: str


def parse_url(text: str) -> Url:
    """Raises ValueError."""
    body, _, fragment = text.partition("#")
    try:
        scheme, user, host, path, query = _parse(body)
    except ValueError as error:
        raise ValueError(f"parse {_quoted(body)}: {error}") from None
    try:
        _check_escapes(fragment)
    except ValueError as error:
        raise ValueError(f"parse {_quoted(text)}: {error}") from None
    return Url(scheme, user, host, unquote(path), query, unquote(fragment))


def _parse(text: str) -> tuple[str, str | None, str, str, str]:
    if _CONTROL.search(text):
        raise ValueError("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise ValueError("missing protocol scheme")
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match is not None else ""
    rest, _, query = (text[match.end() :] if match is not None else text).partition("?")
    if not rest.startswith("/"):
        if scheme:
            return scheme, None, "", "", query
        if ":" in rest.partition("/")[0]:
            raise ValueError("first path segment in URL cannot contain colon")
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, tail = rest[2:].partition("/")
        user, host = _authority(authority, strict=scheme in ("http", "https"))
        rest = slash + tail
    _check_escapes(rest)
    return scheme, user, host, rest, query


def _check_escapes(text: str) -> None:
    if bad := _BAD_ESCAPE.search(text):
        raise ValueError(f"invalid URL escape {_quoted(text[bad.start() : bad.start() + 3])}")


def _authority(authority: str, *, strict: bool) -> tuple[str | None, str]:
    """`strict`: no colons but the one before the port."""
    info, has_user, host = authority.rpartition("@")
    host = _host(host, strict=strict)
    if not has_user:
        return None, host
    if not _USER.fullmatch(info):
        raise ValueError("net/url: invalid userinfo")
    _check_escapes(info)
    name, colon, password = info.partition(":")
    return colon.join(
        quote(unquote(part), safe=_SAFE_IN_USER) for part in ((name, password) if colon else (name,))
    ), host


def _host(host: str, *, strict: bool) -> str:
    bracket = host.rfind("[")
    if bracket > 0:
        raise ValueError("invalid IP-literal")
    if bracket == 0:
        return _literal(host)
    colon = host.find(":") if strict else host.rfind(":")
    if colon >= 0:
        _check_port(host[colon:])
    _check_host(host)
    return unquote(host)


def _literal(host: str) -> str:
    end = host.rfind("]")
    if end < 0:
        raise ValueError("missing ']' in host")
    _check_port(host[end + 1 :])
    inner = host[1:end]
    address, _, zone = inner.partition("%25")
    _check_host(address)
    if "%25" in inner and not zone:
        raise ValueError(f"invalid host: ParseAddr({_quoted(unquote(inner))}): zone must be a non-empty string")
    try:
        parsed = ipaddress.ip_address(unquote(address))
    except ValueError:
        raise ValueError(f"invalid host: ParseAddr({_quoted(unquote(inner))}): unable to parse IP") from None
    if parsed.version != 6:
        raise ValueError("invalid IP-literal")
    return f"[{unquote(inner)}]{host[end + 1 :]}"


def _check_port(port: str) -> None:
    if not _PORT.fullmatch(port):
        raise ValueError(f"invalid port {_quoted(port)} after host")


def _check_host(host: str) -> None:
    bad = _BAD_IN_HOST.search(host)
    if bad is None:
        return
    if bad[0].startswith("%"):
        raise ValueError(f"invalid URL escape {_quoted(host[bad.start() : bad.start() + 3])}")
    raise ValueError(f"invalid character {_quoted(bad[0])} in host name")


def _quoted(text: str) -> str:
    """As Go's %q."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_CONTROL.sub(lambda match: _escaped(match[0]), text)}"'


def _escaped(char: str) -> str:
    return f"\\{_NAMED[char]}" if char in _NAMED else f"\\x{ord(char):02x}"
