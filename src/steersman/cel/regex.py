"""Regular expressions of users: RE2's syntax, in time linear to the text."""

from __future__ import annotations

from steersman.cel.errors import EvaluationError
from steersman.lib.regex import compile_pattern


def search(text: str, pattern: str) -> bool:
    """Whether the pattern matches anywhere in the text; raises EvaluationError for a wrong pattern."""
    try:
        return compile_pattern(pattern).search(text) is not None
    except ValueError as error:
        raise EvaluationError(str(error)) from None
