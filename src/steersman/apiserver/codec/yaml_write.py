"""YAML answers, byte for byte as sigs.k8s.io/yaml writes them (go-yaml v2's emitter): keys in natural order, block
style, lists not indented below their key, lines folded at blanks after column 80, literal blocks for text with line
breaks.
"""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import Any

from steersman.apiserver.codec.yaml_resolve import go_float, plain_is_string

_WIDTH = 80
_SIMPLE_KEY_BYTES = 128
_EASY = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*\Z")
_INDICATED = re.compile(r"---|\.\.\.|[#,\[\]{}&*!|>'\"%@`]|[?-](?:[ \t]|\Z)")
_INDICATED_INSIDE = re.compile("[:](?:[ \\t]|\\Z)|[ \\t\\r\\n\x85\u2028\u2029]#")
_UNPRINTABLE = re.compile("[^\\n\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd]")
_BREAK = re.compile("[\\r\\n\x85\u2028\u2029]")
_SPACE_BREAK = re.compile(" [\\r\\n\x85\u2028\u2029]")
_BREAK_SPACE = re.compile("[\\r\\n\x85\u2028\u2029] ")
_TO_ESCAPE = re.compile("[^\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd]")
_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
            '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"}  # fmt: skip


def encode(value: Any) -> bytes:
    """YAML of a JSON value, with its final newline."""
    out: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(out, value, 0)
    elif isinstance(value, list) and value:
        _sequence(out, value, 0)
    else:
        out.append(_scalar(value, 0, 2) if not isinstance(value, (dict, list)) else "{}" if value == {} else "[]")
        _end_line(out)
    return "".join(out).encode("utf-8", "replace")


def _mapping(out: list[str], value: dict[str, Any], indent: int) -> None:
    """Write a mapping that is not empty; the first key goes where the caller has put the cursor."""
    pad = " " * indent
    first = True
    for key in _sorted_keys(value):
        if not first:
            out.append(pad)
        first = False
        if _EASY.match(key) and len(key) <= _SIMPLE_KEY_BYTES and plain_is_string(key):
            text = key
        elif len(key.encode("utf-8", "replace")) <= _SIMPLE_KEY_BYTES and not _BREAK.search(key):
            text = _string(key, indent, indent + 2, simple_key=True)
        else:
            out.append("? " + _string(key, indent + 2, indent + 2))
            _end_line(out)
            out.append(pad + ":")
            _nested(out, value[key], indent)
            continue
        out.append(text + ":")
        item = value[key]
        if isinstance(item, dict) and item:
            out.append("\n" + pad + "  ")
            _mapping(out, item, indent + 2)
        elif isinstance(item, list) and item:
            out.append("\n" + pad)
            _sequence(out, item, indent)
        else:
            _leaf(out, item, indent + len(text) + 2, indent + 2)


def _sequence(out: list[str], value: list[Any], indent: int) -> None:
    """Write a sequence that is not empty; the first dash goes where the caller has put the cursor."""
    pad = " " * indent
    first = True
    for item in value:
        out.append("-" if first else pad + "-")
        first = False
        _nested(out, item, indent)


def _nested(out: list[str], item: Any, indent: int) -> None:
    """What follows a one-character indicator at `indent`, on the same line."""
    if isinstance(item, dict) and item:
        out.append(" ")
        _mapping(out, item, indent + 2)
    elif isinstance(item, list) and item:
        out.append(" ")
        _sequence(out, item, indent + 2)
    else:
        _leaf(out, item, indent + 2, indent + 2)


def _leaf(out: list[str], item: Any, column: int, indent: int) -> None:
    if isinstance(item, str):
        out.append(" " + _string(item, column, indent))
    elif isinstance(item, dict):
        out.append(" {}")
    elif isinstance(item, list):
        out.append(" []")
    else:
        out.append(" " + _scalar(item, column, indent))
    _end_line(out)


def _end_line(out: list[str]) -> None:
    if not out[-1].endswith(("\n", "\u2028", "\u2029")):
        out.append("\n")


def _scalar(item: Any, column: int, indent: int) -> str:
    if isinstance(item, str):
        return _string(item, column, indent)
    if item is None:
        return "null"
    if item is True or item is False:
        return "true" if item else "false"
    if isinstance(item, float):
        if item.is_integer() and abs(item) < 1e21:
            return str(int(item))
        return go_float(repr(item))
    return str(item)


def _string(text: str, column: int, indent: int, *, simple_key: bool = False) -> str:
    """A string as the emitter writes it at `column`, continuing at `indent`. A simple key stays on its line."""
    fits = simple_key or column + len(text) <= _WIDTH
    if _EASY.match(text) and fits and plain_is_string(text):
        return text
    special = _UNPRINTABLE.search(text) is not None or _SPACE_BREAK.search(text) is not None
    if "\n" in text:
        if special or text[-1] == " " or simple_key:
            return _double(text, column, indent, simple_key)
        return _literal(text, indent)
    if special or not text or not plain_is_string(text):
        return _double(text, column, indent, simple_key)
    breaks = _BREAK.search(text) is not None
    edges = text[0] == " " or text[-1] == " "
    if not breaks and not edges and not _INDICATED.match(text) and not _INDICATED_INSIDE.search(text):
        return text if fits else _fold(text, column, indent)
    if _BREAK_SPACE.search(text):
        return _double(text, column, indent, simple_key)
    return _single(text, column, indent, simple_key)


def _fold(text: str, column: int, indent: int) -> str:
    """Break a plain scalar at single blanks that lie beyond the width."""
    out = []
    line_start, pos, at = 0, text.find(" "), column
    while pos != -1:
        if at + pos - line_start > _WIDTH and text[pos - 1] != " " and text[pos + 1] != " ":
            out.append(text[line_start:pos])
            line_start, at = pos + 1, indent
        pos = text.find(" ", pos + 1)
    out.append(text[line_start:])
    return ("\n" + " " * indent).join(out)


def _single(text: str, column: int, indent: int, simple_key: bool) -> str:
    out = ["'"]
    at = column + 1
    spaces = breaks = False
    last = len(text) - 1
    for i, char in enumerate(text):
        if char == " ":
            if not simple_key and not spaces and at > _WIDTH and 0 < i < last and text[i + 1] != " ":
                out.append("\n" + " " * indent)
                at = indent
            else:
                out.append(char)
                at += 1
            spaces = True
        elif char in "\u2028\u2029":
            out.append(char)
            at, breaks = 0, True
        else:
            if breaks:
                out.append(" " * indent)
                at = indent
            out.append("''" if char == "'" else char)
            at += 2 if char == "'" else 1
            spaces = breaks = False
    out.append("'")
    return "".join(out)


def _double(text: str, column: int, indent: int, simple_key: bool) -> str:
    bom = text[:1] == "\ufeff"  # go-yaml then escapes every character
    if not bom and (simple_key or " " not in text or column + 1 + len(text) <= _WIDTH // 5):
        return '"' + _TO_ESCAPE.sub(lambda match: _escape(match[0]), text) + '"'
    out = ['"']
    at = column + 1
    spaces = False
    last = len(text) - 1
    for i, char in enumerate(text):
        if bom or _TO_ESCAPE.match(char):
            escaped = _escape(char)
            out.append(escaped)
            at += len(escaped)
            spaces = False
        elif char == " ":
            if not simple_key and not spaces and at > _WIDTH and 0 < i < last:
                out.append("\n" + " " * indent)
                at = indent
                if text[i + 1] == " ":
                    out.append("\\")
                    at += 1
            else:
                out.append(char)
                at += 1
            spaces = True
        else:
            out.append(char)
            at += 1
            spaces = False
    out.append('"')
    return "".join(out)


def _escape(char: str) -> str:
    short = _ESCAPES.get(char)
    if short:
        return "\\" + short
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _literal(text: str, indent: int) -> str:
    header = "|2" if text[0] == " " or _BREAK.match(text) else "|"
    if not _BREAK.match(text[-1]):
        header += "-"
    elif len(text) == 1 or _BREAK.match(text[-2]):
        header += "+"
    pad = " " * indent
    lines = re.split("([\\n\u2028\u2029])", text)
    body = "".join(part if i % 2 or not part else pad + part for i, part in enumerate(lines))
    return f"{header}\n{body}"


def _sorted_keys(value: dict[str, Any]) -> list[str]:
    keys = sorted(value)
    if all(map(str.isalpha, keys)):
        return keys
    return sorted(keys, key=cmp_to_key(_compare))


def _compare(a: str, b: str) -> int:
    return -1 if _less(a, b) else 1


def _less(a: str, b: str) -> bool:
    """go-yaml's natural order of keys: runs of digits by their number, letters after everything else."""
    for i, (ca, cb) in enumerate(zip(a, b, strict=False)):
        if ca == cb:
            continue
        a_letter, b_letter = ca.isalpha(), cb.isalpha()
        if a_letter and b_letter:
            return ca < cb
        if a_letter or b_letter:
            return b_letter
        number_a = number_b = 0
        if ca == "0" or cb == "0":
            j = i - 1
            while j >= 0 and a[j].isdigit():
                if a[j] != "0":
                    number_a = number_b = 1
                    break
                j -= 1
        number_a, end_a = _digits(a, i, number_a)
        number_b, end_b = _digits(b, i, number_b)
        if number_a != number_b:
            return number_a < number_b
        if end_a != end_b:
            return end_a < end_b
        return ca < cb
    return len(a) < len(b)


def _digits(text: str, start: int, number: int) -> tuple[int, int]:
    end = start
    while end < len(text) and text[end].isdigit():
        number = number * 10 + ord(text[end]) - 0x30
        end += 1
    return number, end
