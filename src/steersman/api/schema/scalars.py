"""Text forms that Go parses: times, durations, base64. Canonical text out, Go's own error text in a ValueError."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta, timezone

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00"
_CHUNKS = ("2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ZERO = datetime(1, 1, 1, tzinfo=UTC)
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def canonical_time(text: str) -> str | None:
    """RFC 3339 in UTC with whole seconds; None for Go's zero time, which is null on the wire."""
    if len(text) == 20 and text[-1] == "Z" and _TIME.fullmatch(text) and text[:10] != "0001-01-01":
        _instant(text, RFC3339)
        return text
    moment = _instant(text, RFC3339)
    return None if moment == _ZERO else f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"


def canonical_microtime(text: str) -> str | None:
    """RFC 3339 in UTC with six decimals, as it must be given, too; None for Go's zero time."""
    moment = _instant(text, RFC3339_MICRO)
    return None if moment == _ZERO else f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _instant(text: str, layout: str) -> datetime:
    """The moment in UTC. Raises ValueError with the text of Go's time.Parse."""
    found = _TIME.fullmatch(text)
    if not found or (layout is RFC3339_MICRO and len(found[7] or "") != 6):
        values = _parse_slowly(text, layout)
    else:
        fraction = (found[7] or "0")[:6].ljust(6, "0")
        values = [*map(int, found.groups()[:6]), int(fraction), _offset(found[8])]
        _check_ranges(text, layout, values)
    year, month, day, hour, minute, second, micro, offset = values
    zone = timezone(timedelta(seconds=offset)) if offset else UTC
    try:
        moment = datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
    except ValueError:
        raise ValueError(f"parsing time {_quote(text)}: day out of range") from None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _ZERO


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds


def _check_ranges(text: str, layout: str, values: list[int]) -> None:
    _, month, _, hour, minute, second, _, offset = values
    if 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60 and abs(offset) < 86400:
        return
    _parse_slowly(text, layout)
    if abs(offset) >= 86400:  # Go takes an offset of 24:00, Python does not
        values[7] = 86399 if offset > 0 else -86399


def _parse_slowly(text: str, layout: str) -> list[int]:
    """Go's time.Parse chunk by chunk: for its error texts, and for the odd forms that it takes."""
    rest, numbers, micro = text, [], 0
    for chunk in _CHUNKS:
        size = len(chunk)
        if not chunk[0].isdigit():
            if not rest.startswith(chunk):
                raise _bad(text, layout, chunk, rest)
            rest = rest[1:]
            continue
        if chunk == "15" and re.match(r"\d(?!\d)", rest, re.ASCII):
            size = 1  # Go's stdHour takes one digit
        if not re.match(rf"[0-9]{{{size}}}", rest):
            raise _bad(text, layout, chunk, rest)
        number, after = int(rest[:size]), rest[size:]
        limits = {"01": (1, 12, "month"), "15": (0, 23, "hour"), "04": (0, 59, "minute"), "05": (0, 59, "second")}
        low, high, what = limits.get(chunk, (0, 9999, ""))
        if not low <= number <= high:
            raise ValueError(f"parsing time {_quote(text)}: {what} out of range")
        numbers.append(number)
        rest = after
    fraction = re.match(r"[.,][0-9]{6}" if layout is RFC3339_MICRO else r"[.,][0-9]+", rest)
    if fraction:
        micro = int(fraction[0][1:7].ljust(6, "0"))
        rest = rest[fraction.end() :]
    elif layout is RFC3339_MICRO:
        raise _bad(text, layout, ".000000", rest)
    zone = re.match(r"Z|[+-][0-9]{2}:[0-9]{2}", rest)
    if not zone:
        raise _bad(text, layout, "Z07:00", rest)
    if zone[0] != "Z":
        for part, limit, what in ((zone[0][1:3], 24, "hour"), (zone[0][4:6], 60, "minute")):
            if int(part) > limit:
                raise ValueError(f"parsing time {_quote(text)}: time zone offset {what} out of range")
    if zone.end() != len(rest):
        raise ValueError(f"parsing time {_quote(text)}: extra text: {_quote(rest[zone.end() :])}")
    return [max(numbers[0], 1), *numbers[1:], micro, max(-86399, min(86399, _offset(zone[0])))]


def _bad(text: str, layout: str, chunk: str, rest: str) -> ValueError:
    return ValueError(
        f"parsing time {_quote(text)} as {_quote(layout)}: cannot parse {_quote(rest)} as {_quote(chunk)}"
    )


def _quote(text: str) -> str:
    """The quoting of Go's time package: bytes outside of printable ASCII in hexadecimal."""
    out = []
    for byte in text.encode():
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        elif byte >= 0x80 or byte < 0x20:
            out.append(f"\\x{byte:02x}")
        else:
            out.append(chr(byte))
    return '"' + "".join(out) + '"'


_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def canonical_duration(text: str) -> str:
    """Go's Duration.String of time.ParseDuration: `1h30m0s`, `1.5s`, `100ms`."""
    body = text[1:] if text[:1] in {"+", "-"} else text
    negative = text[:1] == "-"
    if body == "0":
        return "0s"
    total = 0
    if not body:
        raise ValueError(f"time: invalid duration {_quote(text)}")
    while body:
        number = re.match(r"[0-9]*(?:\.[0-9]*)?", body)
        digits = number[0] if number else ""
        if not digits.strip("."):
            raise ValueError(f"time: invalid duration {_quote(text)}")
        body = body[len(digits) :]
        unit = re.match(r"[^.0-9]*", body)
        name = unit[0] if unit else ""
        if not name:
            raise ValueError(f"time: missing unit in duration {_quote(text)}")
        if name not in _UNITS:
            raise ValueError(f"time: unknown unit {_quote(name)} in duration {_quote(text)}")
        whole, _, part = digits.partition(".")
        total += int(whole or "0") * _UNITS[name]
        total += int(part) * _UNITS[name] // 10 ** len(part) if part else 0
        body = body[len(name) :]
    if total > 2**63 - (not negative):
        raise ValueError(f"time: invalid duration {_quote(text)}")
    return ("-" if negative and total else "") + _duration_text(total)


def _duration_text(total: int) -> str:
    if total == 0:
        return "0s"
    if total < 10**9:
        for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
            if total < size * 1000:
                return _decimal(total, size) + unit
    minutes, rest = divmod(total, 60 * 10**9)
    text = _decimal(rest, 10**9) + "s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return text


def _decimal(value: int, size: int) -> str:
    whole, part = divmod(value, size)
    digits = str(part).rjust(len(str(size)) - 1, "0").rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)


def canonical_base64(text: str) -> str:
    """Standard base64 with padding. Go skips line breaks and ignores spare bits; what it keeps is encoded anew."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
        if len(text) % 4 == 0 and len(text) == (len(raw) + 2) // 3 * 4:
            return binascii.b2a_base64(raw, newline=False).decode()
    except ValueError:  # also text that is not ASCII
        pass
    data = text.encode()
    wrong = _base64_error(data)
    if wrong >= 0:
        raise ValueError(f"illegal base64 data at input byte {wrong}")
    return base64.b64encode(base64.b64decode(data)).decode()


def _base64_error(data: bytes) -> int:
    """Index that Go's decoder complains about, or -1."""
    at, size, have = 0, len(data), 0
    while at < size:
        byte = data[at]
        at += 1
        if byte in b"\r\n":
            continue
        if byte in _ALPHABET:
            have = (have + 1) % 4
            continue
        if byte != 0x3D or have < 2:
            return at - 1
        if have == 2:
            while at < size and data[at] in b"\r\n":
                at += 1
            if at == size:
                return size
            if data[at] != 0x3D:
                return at - 1
            at += 1
        while at < size and data[at] in b"\r\n":
            at += 1
        return at if at < size else -1
    return size - have if have else -1
