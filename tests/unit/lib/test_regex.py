"""Patterns of users: RE2's syntax, nothing that could take for ever."""

from __future__ import annotations

import pytest

from steersman.lib.regex import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text"), [("^a.c$", "abc"), ("[a-z]+", "x"), (r"\d{3}", "a123"), ("(?i)ABC", "abc")]
)
def test_patterns_match(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).search(text) is not None


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"(a)\1", "a**", "(?<!x)y"])
def test_what_re2_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_pattern(pattern)
