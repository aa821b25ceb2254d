from __future__ import annotations

from steersman.api import errors


def test_quoting_is_gos() -> None:
    assert errors.go_quote('a"b\\\n\x00\x7f\u2028é') == '"a\\"b\\\\\\n\\x00\\x7f\\u2028é"'


def test_values_are_printed_as_upstream_does() -> None:
    assert errors.go_value({"a": ["<", 1, None]}) == '{"a":["\\u003c",1,null]}'
    assert errors.go_value(True) == "true"
    assert errors.go_value(3.0) == "3"
    assert errors.go_value(1e21) == "1e+21"


def test_limits_are_told_in_singular_and_plural() -> None:
    assert errors.too_long("f", 1).body() == "Too long: may not be more than 1 byte"
    assert errors.too_long_characters("f", 2).body() == "Too long: may not be more than 2 characters"
    assert errors.too_many("f", 3, 2).body() == "Too many: 3: must have at most 2 items"
    assert errors.too_few("f", 0, 1).body() == "Too few: 0: must have at least 1 item"
    assert errors.too_short("f", 2).body() == "Too short: must be at least 2 characters"


def test_required_and_forbidden_say_nothing_about_the_value() -> None:
    assert str(errors.required("spec.a")) == "spec.a: Required value"
    assert str(errors.forbidden("spec.a", "no")) == "spec.a: Forbidden: no"


def test_unsupported_values_list_the_supported_ones() -> None:
    assert str(errors.not_supported("f", "x", ("A", "B"))) == 'f: Unsupported value: "x": supported values: "A", "B"'


def test_equal_errors_are_told_once() -> None:
    twice = [errors.required("a"), errors.required("a")]
    error = errors.Invalid.of("apps", "Deployment", "d", twice)
    assert error.message == 'Deployment.apps "d" is invalid: a: Required value'
    assert error.details is not None
    assert len(error.details["causes"]) == 1
