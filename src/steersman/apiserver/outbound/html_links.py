"""Links in HTML that passes through a proxy, rewritten while it passes. Pure.

Only values of attributes that hold URLs are touched; everything else leaves as it came, byte for byte, whatever its
encoding. Nothing is held back but a tag that has not arrived completely yet, and no more than `TAG_BYTES_MAX` of it.
Upstream differences: upstream writes every start tag anew (names in lower case, values in double quotes).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TAG_BYTES_MAX = 64 * 1024
"""A longer tag passes as if it were text."""

_URL_ATTRIBUTES: dict[bytes, frozenset[bytes]] = {
    tag.encode(): frozenset(name.encode() for name in names.split())
    for tag, names in {
        "a": "href",
        "applet": "codebase",
        "area": "href",
        "audio": "src",
        "base": "href",
        "blockquote": "cite",
        "body": "background",
        "button": "formaction",
        "command": "icon",
        "del": "cite",
        "embed": "src",
        "form": "action",
        "frame": "longdesc src",
        "head": "profile",
        "html": "manifest",
        "iframe": "longdesc src",
        "img": "longdesc src usemap",
        "input": "src usemap formaction",
        "ins": "cite",
        "link": "href",
        "object": "classid codebase data usemap",
        "q": "cite",
        "script": "src",
        "source": "src",
        "video": "poster src",
    }.items()
}
_RAW_TEXT = frozenset(
    (b"iframe", b"noembed", b"noframes", b"noscript", b"plaintext", b"script", b"style", b"textarea", b"title", b"xmp")
)
"""Elements whose content holds no tags."""
_BLANK = b" \t\r\n\f/"
_NAME = re.compile(rb"[^\s/>]+")
_ATTRIBUTE_NAME = re.compile(rb"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(rb"\s*=\s*")
_UNQUOTED = re.compile(rb"[^\s>]*")


class LinkRewriter:
    """Fed with HTML in pieces of any size; `rewrite` gets a link and returns what is to stand in its place."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        self._rewrite = rewrite
        self._rest = b""
        self._until = b""
        """What ends the stretch that is passed on unread: a comment, a declaration, an element without tags."""

    def feed(self, data: bytes) -> bytes:
        """What can be passed on now."""
        return self._run(self._rest + data, last=False)

    def end(self) -> bytes:
        """What was held back, when no more comes."""
        return self._run(self._rest, last=True)

    def _run(self, data: bytes, *, last: bool) -> bytes:
        out: list[bytes] = []
        position, length = 0, len(data)
        while position < length:
            if self._until:
                found = _find(data, self._until, position)
                if found < 0:
                    # The beginning of what is looked for may have arrived.
                    kept = length if last else max(position, length - len(self._until) + 1)
                    out.append(data[position:kept])
                    position = kept
                    break
                out.append(data[position:found])
                position, self._until = found, b""
                # Found text is no stretch of its own: an end tag is read as any other tag below.
            bracket = data.find(b"<", position)
            if bracket < 0:
                out.append(data[position:])
                position = length
                break
            out.append(data[position:bracket])
            end = self._tag(data, bracket, out, last=last)
            if end < 0:
                position = bracket
                break
            position = end
        self._rest = data[position:]
        return b"".join(out)

    def _tag(self, data: bytes, start: int, out: list[bytes], *, last: bool) -> int:
        """Pass on what begins with the bracket at `start`; where it ends, or -1 until more has arrived."""
        head = data[start : start + 4]
        if len(head) < 4 and b">" not in head and not last:
            return -1
        if head == b"<!--":
            return self._skip(out, head, b"-->", start)
        if head[1:2] in (b"!", b"?") or (head[1:2] == b"/"):
            return self._skip(out, head[:2], b">", start)
        if not head[1:2].isalpha():
            out.append(b"<")
            return start + 1
        tag = _read_tag(data, start)
        if tag is None:
            if not last and len(data) - start <= TAG_BYTES_MAX:
                return -1
            out.append(b"<")
            return start + 1
        name, end, attributes = tag
        wanted = _URL_ATTRIBUTES.get(name, frozenset())
        position = start
        for attribute, value_start, value_end in attributes:
            if attribute in wanted:
                changed = self._value(data[value_start:value_end])
                if changed is not None:
                    out += (data[position:value_start], changed)
                    position = value_end
        out.append(data[position:end])
        if name in _RAW_TEXT and data[end - 2 : end - 1] != b"/":
            self._until = b"</" + name
        return end

    def _skip(self, out: list[bytes], head: bytes, until: bytes, start: int) -> int:
        out.append(head)
        self._until = until
        return start + len(head)

    def _value(self, raw: bytes) -> bytes | None:
        """A changed value in quotes; None to leave it."""
        quoted = raw[:1] in (b'"', b"'")
        link = html.unescape((raw[1:-1] if quoted else raw).decode("utf-8", "surrogateescape"))
        changed = self._rewrite(link)
        if changed == link:
            return None
        return b'"' + html.escape(changed).encode("utf-8", "surrogateescape") + b'"'


def _read_tag(data: bytes, start: int) -> tuple[bytes, int, list[tuple[bytes, int, int]]] | None:
    """(name, end, [(attribute, start, end of its value with quotes)]) of a start tag; None if its end is missing."""
    match = _NAME.match(data, start + 1)
    if match is None:
        return None
    name, position, length = match[0].lower(), match.end(), len(data)
    attributes: list[tuple[bytes, int, int]] = []
    while True:
        while position < length and data[position] in _BLANK:
            position += 1
        if position >= length:
            return None
        if data[position] == 0x3E:
            return name, position + 1, attributes
        attribute = _ATTRIBUTE_NAME.match(data, position)
        if attribute is None:  # cannot be: what is neither blank nor the end begins a name
            return None
        position = attribute.end()
        equals = _EQUALS.match(data, position)
        if equals is None:
            continue
        position = equals.end()
        quote = data[position : position + 1]
        if quote in (b'"', b"'") and quote:
            end = data.find(quote, position + 1) + 1
        else:
            value = _UNQUOTED.match(data, position)
            end = value.end() if value is not None else position
        if end <= 0 or end >= length:
            return None
        attributes.append((attribute[0].lower(), position, end))
        position = end


def _find(data: bytes, what: bytes, start: int) -> int:
    """Regardless of case, for the names of elements."""
    if what.startswith(b"</"):
        return data.lower().find(what, start)
    return data.find(what, start)
