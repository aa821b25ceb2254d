from __future__ import annotations

import pytest

from steersman.api.meta.fields import escape_value, parse_field_selector


def test_terms_are_a_conjunction() -> None:
    selector = parse_field_selector("status.phase!=Running,metadata.name=a")
    assert selector.matches({"metadata.name": "a", "status.phase": "Failed"})
    assert not selector.matches({"metadata.name": "a", "status.phase": "Running"})
    assert selector.exact("metadata.name") == "a"
    assert selector.exact("status.phase") is None


def test_an_absent_field_is_the_empty_string() -> None:
    assert parse_field_selector("spec.nodeName=").matches({})


def test_double_equals_and_escapes() -> None:
    selector = parse_field_selector(r"a==x\,y\=z\\")
    assert selector.requirements[0].value == "x,y=z\\"
    assert str(selector) == "a=" + escape_value("x,y=z\\")


def test_empty_terms_are_ignored() -> None:
    assert parse_field_selector(",,").everything


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        (r"a=\x", r"invalid field selector: invalid escape sequence: \x"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_mistakes_are_told_in_upstreams_words(text, message) -> None:
    with pytest.raises(ValueError) as raised:
        parse_field_selector(text)
    assert str(raised.value) == message
