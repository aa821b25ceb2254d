"""Regular expressions that come from users: RE2's syntax, which is Go's, in time linear to the text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

_GO_WORDS: Final = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "trailing \\ at end of regexp": "trailing backslash at end of expression",
}


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """A compiled pattern with `search` and `fullmatch`. Raises ValueError with Go's text for a wrong one."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        text = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        what, _, part = text.partition(": ")
        word = _GO_WORDS.get(what, what)
        part = "" if word.startswith("trailing") else part
        raise ValueError(f"error parsing regexp: {word}: `{part}`") from None
