"""Regular expressions of users: RE2's syntax, in time linear to the text."""

from __future__ import annotations

from steersman.cel.errors import EvaluationError
from steersman.lib.regex import compile_pattern


def search(text: str, pattern: str) -> bool:
    """Whether the pattern matches anywhere in the text; raises EvaluationError for a wrong pattern."""
    try:
        compiled = compile_pattern(pattern)
    except ValueError as error:
        raise EvaluationError(str(error)) from None
    return compiled.search(text.encode()) is not None  # offsets are not asked for: bytes save their translation


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """What the pattern matches, from left to right; an empty match right after another one does not count.

    Raises EvaluationError for a wrong pattern.
    """
    try:
        compiled = compile_pattern(pattern)
    except ValueError as error:
        raise EvaluationError(f"Illegal regex: {error}") from None
    found: list[str] = []
    end = -1
    for match in compiled.finditer(text):
        if len(found) == limit:
            break
        if match.start() == match.end() == end:
            continue
        end = match.end()
        found.append(match[0])
    return found
