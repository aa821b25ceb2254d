"""Values as Go prints them."""

from __future__ import annotations

from steersman.apiserver.patch.gotext import go_map, go_quote_value, go_syntax, go_type

VALUE = {"b": [1, "x", None], "a": {"c": True, "d": 1.5}}


def test_values_print_as_go_prints_them():
    assert go_map(VALUE) == "map[a:map[c:true d:1.5] b:[1 x <nil>]]"


def test_syntax_is_gos():
    assert go_syntax(VALUE) == (
        'map[string]interface {}{"a":map[string]interface {}{"c":true, "d":1.5}, '
        '"b":[]interface {}{1, "x", interface {}(nil)}}'
    )


def test_types_are_named_as_decoded_json():
    assert [go_type(value) for value in (None, True, "", 1, 1.5, {}, [])] == [
        "<nil>", "bool", "string", "int64", "float64", "map[string]interface {}", "[]interface {}",
    ]  # fmt: skip


def test_keys_are_quoted_if_they_are_text():
    assert [go_quote_value(value) for value in ("a", 1, None, True)] == ['"a"', "1", "null", "true"]
