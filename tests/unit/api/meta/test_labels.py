from __future__ import annotations

import pytest

from steersman.api.meta.labels import parse_selector


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ("", {}, True),
        ("a=1", {"a": "1"}, True),
        ("a==1", {"a": "2"}, False),
        ("a!=1", {}, True),
        ("a", {"a": ""}, True),
        ("!a", {"a": ""}, False),
        ("a in (1,2)", {"a": "2"}, True),
        ("a notin (1,2)", {}, True),
        ("a notin (1,2)", {"a": "1"}, False),
        ("a>4", {"a": "5"}, True),
        ("a<4", {"a": "x"}, False),
        ("a=1,b=2", {"a": "1", "b": "2"}, True),
        ("a=1,b!=2,!c", {"a": "1", "b": "2"}, False),
        (" a = 1 ", {"a": "1"}, True),
        ("a=", {"a": ""}, True),
        ("a in ()", {"a": ""}, True),
        ("in in (in)", {"in": "in"}, True),
        ("a in (1,,2)", {"a": ""}, True),
    ],
)
def test_selectors_match_as_written(selector, labels, matches) -> None:
    assert bool(parse_selector(selector).matches(labels)) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("x=1,", "found '', expected: identifier after ','"),
        ("x=a b", "found 'b', expected: ',' or 'end of string'"),
        ("=", "found '=', expected: !, identifier, or 'end of string'"),
        ("!x=1", "found '=', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("x in 1", "unable to parse requirement: found '1' expected: '('"),
        ("x in (1", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("x>>1", "unable to parse requirement: found '>', expected: identifier"),
        ("x exists", "unable to parse requirement: found 'exists', expected: in, notin, =, ==, !=, gt, lt"),
        (
            "n>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_each_mistake_has_its_own_words(selector, message) -> None:
    with pytest.raises(ValueError) as raised:
        parse_selector(selector)
    assert str(raised.value) == message


def test_the_text_of_a_selector_is_sorted_by_key() -> None:
    assert str(parse_selector("b in (2,1),a==x,!c,d>3,e")) == "a==x,b in (1,2),!c,d>3,e"
    assert parse_selector("b,a") == parse_selector("a,b")


def test_an_exact_value_can_be_asked_for() -> None:
    assert parse_selector("a=1,b in (2)").exact("b") == "2"
    assert parse_selector("a in (1,2)").exact("a") is None
