"""hashes: the short texts that controllers make of content, to name what they create. Pure.

Upstream: hash/fnv of Go's library, apimachinery util/rand SafeEncodeString, pkg/controller/history, ComputeHash of
pkg/controller/controller_utils.go.
"""

from __future__ import annotations

import json
from typing import Any

from steersman.api.core.go_dump import dump_template

_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels, nothing that looks like another: no hash spells a word."""
_ESCAPES = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})


def go_json(value: Any) -> bytes:
    """As Go's encoding/json writes a map: keys sorted, no spaces, what HTML or JavaScript would read escaped."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES).encode(errors="surrogatepass")


def fnv32(content: bytes) -> int:
    """FNV-1."""
    number = _OFFSET
    for byte in content:
        number = ((number * _PRIME) & _MASK) ^ byte
    return number


def fnv32a(content: bytes) -> int:
    """FNV-1a."""
    number = _OFFSET
    for byte in content:
        number = ((number ^ byte) * _PRIME) & _MASK
    return number


def safe_encode(text: str) -> str:
    """`text`, each letter replaced by one that is fit for names."""
    return "".join(_LETTERS[ord(letter) % len(_LETTERS)] for letter in text)


def template_hash(template: Any, collisions: int | None) -> str:
    """Of a pod template, with its defaults; `collisions`: status.collisionCount, which makes another hash of the same
    template. Upstream's controllers make the same of it.
    """
    content = dump_template(template).encode(errors="surrogatepass")
    if collisions is not None:
        content += collisions.to_bytes(8, "little")
    return safe_encode(str(fnv32a(content)))
