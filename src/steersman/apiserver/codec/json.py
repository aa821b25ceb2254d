"""JSON bodies and answers.

orjson does the work. A second, slow reader in `json_scan` is asked only when orjson refuses (to word the error as Go
does, or to accept what Go accepts: invalid UTF-8, lone surrogates) and when a field may have been given twice. Whether
one was is nearly free to know: a body without duplicates has as many colons as its value encoded again.

Upstream differences: nesting is limited to 250 levels, as much as orjson can surely encode again (upstream 10,000).
"""

from __future__ import annotations

from typing import Any

import orjson

from steersman.apiserver.codec import json_scan
from steersman.apiserver.codec.malformed import Malformed, Parsed

TOO_DEEP = "exceeded max depth"
_PREFIX = "couldn't get version/kind; json parse error: "


def parse(raw: bytes, *, find_duplicates: bool) -> Parsed:
    """The value of a body. Raises Malformed with the text that stands in "the object provided is unrecognized
    (...)".
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _slowly(raw)
    try:
        again = orjson.dumps([[[[value]]]])  # room for the lists, tables and events it will be put into
    except TypeError as err:  # only the depth can be wrong: the value came from orjson
        raise Malformed(_PREFIX + TOO_DEEP) from err
    # Each colon is a field's or part of a string; a field lost to a later one of its name is missing from the second
    # count. An escaped colon could make up for it.
    if find_duplicates and (raw.count(b":") != again.count(b":") or b"\\u003" in raw):
        return _slowly(raw)
    return Parsed(value)


def _slowly(raw: bytes) -> Parsed:
    try:
        value, duplicates, places = json_scan.scan(raw)
    except Malformed as err:
        raise Malformed(f"{_PREFIX}{err}") from None
    return Parsed(value, duplicates, duplicates, places)


def encode(value: Any) -> bytes:
    """Compact JSON, without a newline. Go's escapes of <, > and & are not made: the value is the same."""
    return orjson.dumps(value)


def encode_pretty(value: Any) -> bytes:
    """JSON indented by two spaces, as people get it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
