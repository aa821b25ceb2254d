"""Text to tokens, by CEL's lexical grammar; what is no token is reported the way cel-go's lexer does, and skipped."""

from __future__ import annotations

import re
from typing import NamedTuple

from steersman.cel.errors import Issue

_ESCAPE = r"""\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
_STRING = (
    rf'"""(?:{_ESCAPE}|[^\\])*?"""|\'\'\'(?:{_ESCAPE}|[^\\])*?\'\'\''
    rf'|"(?:{_ESCAPE}|[^\\"\n\r])*"|\'(?:{_ESCAPE}|[^\\\'\n\r])*\''
    r'|[rR]"""[\s\S]*?"""|[rR]\'\'\'[\s\S]*?\'\'\'|[rR]"[^"\n\r]*"|[rR]\'[^\'\n\r]*\''
)
_TOKEN = re.compile(
    rf"(?P<skip>[\t \r\n\x0c]+|//[^\n]*)"
    rf"|(?P<BYTES>[bB](?:{_STRING}))|(?P<STRING>{_STRING})"
    r"|(?P<NUM_FLOAT>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<NUM_UINT>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])|(?P<NUM_INT>0x[0-9a-fA-F]+|[0-9]+)"
    r"|(?P<IDENTIFIER>[A-Za-z_][A-Za-z0-9_]*)|(?P<ESC_IDENTIFIER>`[A-Za-z0-9_.\-/ ]+`)"
    r"|(?P<op>==|!=|<=|>=|&&|\|\||[<>\[\]{}().,\-!?:+*/%])"
)
_PREFIX = re.compile(
    rf'[bB]?(?:"(?:{_ESCAPE}|[^\\"\n\r])*|\'(?:{_ESCAPE}|[^\\\'\n\r])*|[rR]"[^"\n\r]*|[rR]\'[^\'\n\r]*)(?:\\[xXuU0-3][0-9a-fA-F]*|\\)?'
    r"|`[A-Za-z0-9_.\-/ ]*|[=&|]"
)
"""The longest beginning of a token that never ends: what the lexer had read when it gave up."""

KEYWORDS = frozenset({"in", "true", "false", "null"})
EOF = "<EOF>"


class Token(NamedTuple):
    """A piece of text; `kind` is the name of its class, or the text itself for operators and keywords."""

    kind: str
    text: str
    offset: int


def tokenize(text: str) -> tuple[list[Token], list[Issue]]:
    """All tokens, the last of kind EOF, and what could not be read."""
    tokens: list[Token] = []
    issues: list[Issue] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            end = _unreadable(text, at)
            shown = text[at:end].replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{shown}'"))
            at = end
            continue
        found = match[0]
        kind = match.lastgroup
        if kind != "skip":
            assert kind is not None
            exact = kind == "op" or (kind == "IDENTIFIER" and found in KEYWORDS)
            tokens.append(Token(found if exact else kind, found, at))
        at = match.end()
    tokens.append(Token(EOF, EOF, len(text)))
    return tokens, issues


def _unreadable(text: str, at: int) -> int:
    """Where reading goes on: after the character that made the lexer give up."""
    begun = _PREFIX.match(text, at)
    end = begun.end() if begun is not None else at
    return min(end + 1, len(text))


_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def unquote(literal: str, *, is_bytes: bool) -> str | bytes:
    """The value of a string literal, or of a bytes literal without its `b`; raises ValueError with cel-go's message."""
    literal = literal.replace("\r\n", "\n").replace("\r", "\n")
    raw = literal[0] in "rR"
    if raw:
        literal = literal[1:]
    width = 3 if len(literal) >= 6 and literal[:3] in {'"""', "'''"} else 1
    inner = literal[width:-width]
    if raw or "\\" not in inner:
        return inner.encode() if is_bytes else inner
    chars: list[str] = []
    octets = bytearray()
    at = 0
    while at < len(inner):
        char = inner[at]
        if char != "\\":
            chars.append(char)
            octets += char.encode()
            at += 1
            continue
        code, at, as_byte = _escape(inner, at + 1, is_bytes=is_bytes)
        chars.append(chr(code))
        octets += bytes((code,)) if as_byte else chr(code).encode()
    return bytes(octets) if is_bytes else "".join(chars)


def _escape(text: str, at: int, *, is_bytes: bool) -> tuple[int, int, bool]:
    """Code, where the escape ends, and whether the code is a single byte; the lexer has checked the form."""
    char = text[at]
    if char in _SIMPLE:
        return _SIMPLE[char], at + 1, False
    if char in "0123":
        code, end = int(text[at : at + 3], 8), at + 3
    elif char in "xXuU":
        width = {"x": 2, "X": 2, "u": 4, "U": 8}[char]
        if is_bytes and width > 2:
            raise ValueError("unable to unescape string")
        code, end = int(text[at + 1 : at + 1 + width], 16), at + 1 + width
    else:
        return ord(char), at + 1, False
    if not is_bytes and (code > 0x10FFFF or 0xD800 <= code <= 0xDFFF):
        raise ValueError("invalid unicode code point")
    return code, end, is_bytes
