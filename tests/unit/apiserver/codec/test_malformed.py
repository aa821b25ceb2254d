"""What is said of bodies that cannot be read."""

from __future__ import annotations

import pytest

from steersman.apiserver.codec.malformed import Malformed, go_kind, summarize, type_meta, unhandled, unrecognized


def test_a_body_is_summarized_as_text_or_in_hexadecimal() -> None:
    assert summarize(b"") == "<empty>"
    assert summarize(b"[]") == "5b5d"
    assert summarize(b'{"apiVersion":"v1","kind":"ConfigMap"}') == '{"apiVersion":"v1","kind":"Con ...'
    assert unrecognized("ConfigMap", "why", b"{").status()["message"] == (
        "the object provided is unrecognized (must be of type ConfigMap): why ({)"
    )


def test_type_meta_may_be_missing_but_not_of_another_type() -> None:
    assert type_meta(None) == type_meta({}) == ("", "")
    assert type_meta({"apiVersion": "apps/v1", "kind": "Deployment"}) == ("apps/v1", "Deployment")
    with pytest.raises(Malformed, match="unexpected GroupVersion string: a/b/c"):
        type_meta({"apiVersion": "a/b/c"})
    with pytest.raises(Malformed, match="cannot unmarshal array into Go value of type struct"):
        type_meta([])
    with pytest.raises(Malformed, match=r"cannot unmarshal number into Go struct field \.kind of type string"):
        type_meta({"kind": 5})


def test_a_known_kind_that_does_not_fit_is_named_with_its_version() -> None:
    assert (
        unhandled("Pod", "v1", "ConfigMap", "why").message
        == 'Pod in version "v1" cannot be handled as a ConfigMap: why'
    )


def test_values_are_called_what_go_calls_them() -> None:
    assert [go_kind(v) for v in (True, 1, 1.5, "x", {}, [])] == [
        "bool",
        "number",
        "number",
        "string",
        "object",
        "array",
    ]
