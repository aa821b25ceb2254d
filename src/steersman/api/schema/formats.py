"""String formats that schemas of custom resources may ask for, each a plain predicate, and numbers as Go prints them.

Names are compared without dashes, as upstream does; unknown ones are ignored.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from steersman.api.schema import scalars
from steersman.lib.regex import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable


def known_format(name: str) -> bool:
    """Whether strings are checked against this format."""
    return name.replace("-", "") in _FORMATS


def matches_format(name: str, text: str) -> bool:
    """Whether `text` is of a known format."""
    return _FORMATS[name.replace("-", "")](text)


def go_number_text(number: float) -> str:
    """A number as Go's %v prints an int64 or float64."""
    if isinstance(number, int):
        return str(number)
    if number.is_integer() and abs(number) < 1e21:
        return str(int(number))
    mantissa, mark, exponent = repr(number).partition("e")
    if not mark:
        return mantissa
    return f"{mantissa}e{exponent[0] if exponent[0] in '+-' else '+'}{exponent.lstrip('+-').rjust(2, '0')}"


def _pattern(text: str, flags: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(text, flags | re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


# One label with at most one dash, or several with any; letters and symbols of any script.
_ANY: Final = r"a-zA-Z0-9\p{S}\p{L}"
_HOSTNAME: Final = (
    rf"([{_ANY}]((-?[{_ANY}]{{0,62}})?)|([{_ANY}](([-{_ANY}]{{0,61}}[{_ANY}])?)(\.)){{1,}}([a-zA-Z\p{{L}}]){{2,63}})"
)


def _hostname(text: str) -> bool:
    if len(text.encode()) > 255 or any(len(part.encode()) > 63 for part in text.split(".")):
        return False
    return compile_pattern(_HOSTNAME).fullmatch(text) is not None


def _ip(version: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            address = ipaddress.ip_address(_without_zeros(text) if version == 4 else text)
        except ValueError:
            return False
        return "." in text if version == 4 else address.version == 6 and "%" not in text

    return check


def _without_zeros(text: str) -> str:
    """Leading zeros of IPv4 parts are read as decimal, the sloppy way that older manifests need."""
    return ".".join(part.lstrip("0") or "0" if part.isdigit() else part for part in text.split("."))


def _cidr(text: str) -> bool:
    head, slash, bits = text.partition("/")
    try:
        ipaddress.ip_network(f"{_without_zeros(head) if ':' not in head else head}/{bits}", strict=False)
    except ValueError:
        return False
    return bool(slash) and bits.isdigit()


def _mac(text: str) -> bool:
    return any(
        re.fullmatch(pattern, text) is not None
        for size in (6, 8, 20)
        for pattern in (
            rf"[0-9a-fA-F]{{2}}(?:([:-])[0-9a-fA-F]{{2}})(?:\1[0-9a-fA-F]{{2}}){{{size - 2}}}",
            rf"[0-9a-fA-F]{{4}}(?:\.[0-9a-fA-F]{{4}}){{{size // 2 - 1}}}",
        )
    )


def _uri(text: str) -> bool:
    """What Go's url.ParseRequestURI takes: an absolute URI or an absolute path."""
    if not text or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text):
        return False
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return text.startswith("/") or bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) and text[len(parts.scheme) + 1 :])


_ATOM: Final = r"[^\s()<>\[\]:;@\\,.\"]+"
_ADDRESS: Final = rf'({_ATOM}(\.{_ATOM})*|"([^"\\]|\\.)*")@({_ATOM}(\.{_ATOM})*|\[[^\]]*\])'


def _email(text: str) -> bool:
    """An address as in a mail header, `a@b` or `Name <a@b>`."""
    if re.fullmatch(rf"\s*{_ADDRESS}\s*", text):
        return True
    return re.fullmatch(rf'\s*([^<>"@]*|"([^"\\]|\\.)*")\s*<{_ADDRESS}>\s*', text) is not None


def _date(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))")


def _datetime(text: str) -> bool:
    day, mark, clock = text.lower().partition("t")
    found = _CLOCK.fullmatch(clock.split("t")[0])
    if not mark or not _date(day) or found is None:
        return False
    return found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


_LONG_UNITS = re.compile(
    r"(?i)\d+\s*(ns|nanos?|nanosecs?|nanoseconds?|us|µs|micros?|microsecs?|microseconds?|ms|millis?|millisecs?|milliseconds?"
    r"|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)"
)


def _duration(text: str) -> bool:
    try:
        scalars.canonical_duration(text)
    except ValueError:
        return _LONG_UNITS.search(text) is not None
    return True


def _base64(text: str) -> bool:
    pattern = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
    return re.fullmatch(pattern, text) is not None


def _isbn(size: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        digits = re.sub(r"[\s-]+", "", text)
        if size == 10:
            if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
                return False
            return sum((i + 1) * (10 if c == "X" else int(c)) for i, c in enumerate(digits)) % 11 == 0
        if not re.fullmatch(r"[0-9]{13}", digits):
            return False
        return sum((3 if i % 2 else 1) * int(c) for i, c in enumerate(digits)) % 10 == 0

    return check


_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
    r"|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14}"
)


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if not _CARD.fullmatch(digits):
        return False
    doubled = [int(c) * 2 if i % 2 else int(c) for i, c in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


_BYTE = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"
_UUID = r"[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"

_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "bsonobjectid": _pattern("[0-9a-fA-F]{24}"),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ip(4),
    "ipv6": _ip(6),
    "cidr": _cidr,
    "mac": _mac,
    "uuid": _pattern(_UUID % ("[0-9a-f]", "[0-9a-f]"), re.IGNORECASE),
    "uuid3": _pattern(_UUID % ("3", "[0-9a-f]"), re.IGNORECASE),
    "uuid4": _pattern(_UUID % ("4", "[89ab]"), re.IGNORECASE),
    "uuid5": _pattern(_UUID % ("5", "[89ab]"), re.IGNORECASE),
    "isbn": lambda text: _isbn(10)(text) or _isbn(13)(text),
    "isbn10": _isbn(10),
    "isbn13": _isbn(13),
    "creditcard": _credit_card,
    "ssn": _pattern(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _pattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _pattern(rf"rgb\({_BYTE},{_BYTE},{_BYTE}\)"),
    "byte": _base64,
    "password": lambda _: True,
    "date": _date,
    "duration": _duration,
    "datetime": _datetime,
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(_LABEL, text) is not None,
    "k8slongname": lambda text: len(text) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text) is not None,
}
