"""The slow JSON reader: Go's grammar, Go's syntax errors, and the paths of fields given twice.

Iterative, so that no body can exhaust the stack. Texts follow Go's encoding/json scanner ("invalid character 'x' after
object key") and sigs.k8s.io/json (`duplicate field "spec.containers[0].name"`). As Go does, it puts U+FFFD for bytes
that are not UTF-8 and for lone surrogates.
"""

from __future__ import annotations

import re
from typing import Any

from steersman.api.errors import go_quote
from steersman.apiserver.codec.malformed import Malformed

DEPTH_MAX = 250
_DUPLICATES_MAX = 100
_PLACES_CHARS_MAX = 1 << 20
_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(rb"[0-9]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_HEX = frozenset(b"0123456789abcdefABCDEF")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", '"': '"'}
_LITERALS = {ord("t"): (b"true", True), ord("f"): (b"false", False), ord("n"): (b"null", None)}
_GO_CHARS = {"'": "\\'", '"': '"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
             "\t": "\\t", "\v": "\\v"}  # fmt: skip


class _Frame:
    """An open object or array."""

    __slots__ = ("key", "path", "value")

    def __init__(self, value: Any, path: str | None) -> None:
        self.value = value
        self.path = path
        self.key = ""


def scan(raw: bytes) -> tuple[Any, list[str], dict[str, int]]:
    """`(value, duplicate texts, places)`; raises Malformed with Go's text.

    `places`: by path, the offset of a field in the body: where it was given again, or else first. Of the first
    fields only, as far as there is room for their paths.
    """
    return _Scanner(raw).run()


class _Scanner:
    __slots__ = ("duplicates", "places", "pos", "raw", "room")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.pos = 0
        self.duplicates: dict[str, None] = {}
        self.places: dict[str, int] = {}
        self.room = _PLACES_CHARS_MAX

    def run(self) -> tuple[Any, list[str], dict[str, int]]:
        stack: list[_Frame] = []
        self._space()
        while True:
            value = self._begin(stack)
            if stack and stack[-1].value is value and self._open(stack[-1]):
                continue
            if stack and stack[-1].value is value:
                stack.pop()
            while stack:
                frame = stack[-1]
                if self._close(frame, value):
                    value = stack.pop().value
                    continue
                break
            else:
                self._space()
                if self.pos < len(self.raw):
                    raise self._error("after top-level value")
                texts = [f"duplicate field {go_quote(path)}" for path in self.duplicates]
                return value, texts, self.places

    def _begin(self, stack: list[_Frame]) -> Any:
        """The value at the current position; a container is pushed, still empty."""
        self._space()
        char = self._char()
        if char in (0x7B, 0x5B):
            if len(stack) >= DEPTH_MAX:
                raise Malformed("exceeded max depth")
            self.pos += 1
            frame = _Frame({} if char == 0x7B else [], _path(stack))
            stack.append(frame)
            return frame.value
        if char == 0x22:
            return self._string()
        if char == 0x2D or 0x30 <= char <= 0x39:
            return self._number()
        if char in _LITERALS:
            return self._literal(*_LITERALS[char])
        raise self._error("looking for beginning of value")

    def _open(self, frame: _Frame) -> bool:
        """After a container's first character: True if a value follows, False if it is already closed."""
        self._space()
        char = self._char()
        if char == (0x7D if isinstance(frame.value, dict) else 0x5D):
            self.pos += 1
            return False
        if isinstance(frame.value, dict):
            self._key(frame)
        return True

    def _close(self, frame: _Frame, value: Any) -> bool:
        """Put a finished value into its container: True if that ends the container, False if another value follows."""
        is_object = isinstance(frame.value, dict)
        if is_object:
            frame.value[frame.key] = value
        else:
            frame.value.append(value)
        self._space()
        char = self._char()
        if char == 0x2C:
            self.pos += 1
            self._space()
            if is_object:
                self._key(frame)
            return False
        if char == (0x7D if is_object else 0x5D):
            self.pos += 1
            return True
        raise self._error("after object key:value pair" if is_object else "after array element")

    def _key(self, frame: _Frame) -> None:
        if self._char() != 0x22:
            raise self._error("looking for beginning of object key string")
        frame.key = self._string()
        again = frame.key in frame.value
        if again and len(self.duplicates) < _DUPLICATES_MAX:
            self.duplicates[_join(frame)] = None
        if self.room > 0:
            path = _join(frame)
            self.room -= len(path)
            if again or path not in self.places:
                self.places[path] = self.pos
        self._space()
        if self._char() != 0x3A:
            raise self._error("after object key")
        self.pos += 1

    def _string(self) -> str:
        start = self.pos + 1
        pos, raw, escaped = start, self.raw, False
        while True:
            match = _PLAIN.match(raw, pos)
            self.pos = pos = match.end() if match else pos
            char = self._char()
            if char == 0x22:
                break
            if char != 0x5C:
                raise self._error("in string literal")
            escaped = True
            self.pos += 1
            if self._inner() == 0x75:
                for _ in range(4):
                    self.pos += 1
                    if self._inner() not in _HEX:
                        raise self._error("in \\u hexadecimal character escape")
            elif chr(self._inner()) not in _LETTERS:
                raise self._error("in string escape code")
            pos = self.pos + 1
        self.pos += 1
        text = _utf8(raw[start:pos])
        return _unescape(text) if escaped else text

    def _number(self) -> int | float:
        start, raw = self.pos, self.raw
        if raw[self.pos] == 0x2D:
            self.pos += 1
            if not 0x30 <= self._inner() <= 0x39:
                raise self._error("in numeric literal")
        if raw[self.pos] == 0x30:
            self.pos += 1
        else:
            self._digits()
        whole = True
        if raw[self.pos : self.pos + 1] == b".":
            whole = False
            self.pos += 1
            if not 0x30 <= self._inner() <= 0x39:
                raise self._error("after decimal point in numeric literal")
            self._digits()
        if raw[self.pos : self.pos + 1] in (b"e", b"E"):
            whole = False
            self.pos += 1
            if self._inner() in (0x2B, 0x2D):
                self.pos += 1
            if not 0x30 <= self._inner() <= 0x39:
                raise self._error("in exponent of numeric literal")
            self._digits()
        text = raw[start : self.pos].decode()
        # Beyond 64 bits orjson makes a float too; the bound on digits keeps int() from refusing or being slow.
        if whole and len(text) <= 20 and -(1 << 63) <= int(text) < 1 << 64:
            return int(text)
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise Malformed(f"json: cannot unmarshal number {text} into Go value of type float64")
        return number

    def _digits(self) -> None:
        match = _DIGITS.match(self.raw, self.pos)
        self.pos = match.end() if match else self.pos

    def _literal(self, word: bytes, value: Any) -> Any:
        for expected in word[1:]:
            self.pos += 1
            if self._inner() != expected:
                raise self._error(f"in literal {word.decode()} (expecting '{chr(expected)}')")
        self.pos += 1
        return value

    def _space(self) -> None:
        match = _SPACE.match(self.raw, self.pos)
        self.pos = match.end() if match else self.pos

    def _char(self) -> int:
        if self.pos >= len(self.raw):
            raise Malformed("unexpected end of JSON input")
        return self.raw[self.pos]

    def _inner(self) -> int:
        """The character inside a token, where Go takes the end of the body for a space."""
        return self.raw[self.pos] if self.pos < len(self.raw) else 0x20

    def _error(self, context: str) -> Malformed:
        char = chr(self._inner())
        code = f"\\x{ord(char):02x}" if ord(char) < 0x80 else f"\\u{ord(char):04x}"
        quoted = _GO_CHARS.get(char) or (char if char.isprintable() else code)
        return Malformed(f"invalid character '{quoted}' {context}")


def _path(stack: list[_Frame]) -> str | None:
    """The path of the value that comes next; None for the body itself."""
    if not stack:
        return None
    frame = stack[-1]
    return f"{frame.path or ''}[{len(frame.value)}]" if isinstance(frame.value, list) else _join(frame)


def _join(frame: _Frame) -> str:
    """The path of an object's current field."""
    return frame.key if frame.path is None else f"{frame.path}.{frame.key}"


def _utf8(raw: bytes) -> str:
    parts = []
    while True:
        try:
            parts.append(raw.decode())
        except UnicodeDecodeError as err:
            parts.append(raw[: err.start].decode() + "\ufffd")
            raw = raw[err.start + 1 :]
        else:
            return "".join(parts)


def _unescape(text: str) -> str:
    out, pos = [], 0
    for match in _ESCAPE.finditer(text):
        start = match.start()
        if start < pos:  # the second half of a pair
            continue
        out.append(text[pos:start])
        pos = match.end()
        if match[2]:
            out.append(_LETTERS[match[2]])
            continue
        code = int(match[1], 16)
        if 0xD800 <= code < 0xE000:
            low = _ESCAPE.match(text, pos)
            second = int(low[1], 16) if low and low[1] else 0
            if code < 0xDC00 and 0xDC00 <= second < 0xE000 and low:
                code = 0x10000 + ((code - 0xD800) << 10) + second - 0xDC00
                pos = low.end()
            else:
                code = 0xFFFD
        out.append(chr(code))
    out.append(text[pos:])
    return "".join(out)
