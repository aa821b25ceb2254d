from __future__ import annotations

import pytest

from steersman.api.meta.label_selector import compile_selector, has_invalid_values, is_empty, validate_selector
from steersman.api.meta.labels import EVERYTHING, NOTHING


def test_no_selector_object_selects_nothing_and_an_empty_one_everything() -> None:
    assert compile_selector(None) is NOTHING
    assert not NOTHING.matches({})
    assert compile_selector({}) is EVERYTHING


def test_label_selector_objects_compile() -> None:
    selector = compile_selector(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        }
    )
    assert str(selector) == "app=web,!old,tier in (a,b)"
    assert selector.matches({"app": "web", "tier": "b"})
    with pytest.raises(ValueError, match='"Nope" is not a valid label selector operator'):
        compile_selector({"matchExpressions": [{"key": "a", "operator": "Nope"}]})


def test_label_selector_objects_are_validated_with_their_paths() -> None:
    selector = {
        "matchLabels": {"a b": "c"},
        "matchExpressions": [
            {"key": "a", "operator": "In"},
            {"key": "a", "operator": "Exists", "values": ["x"]},
            {"key": "a", "operator": "Nope"},
            {"key": "a", "operator": "In", "values": ["b c"]},
        ],
    }
    errors = validate_selector(selector, "spec.selector")
    assert [e.field for e in errors] == [
        "spec.selector.matchLabels",
        "spec.selector.matchExpressions[0].values",
        "spec.selector.matchExpressions[1].values",
        "spec.selector.matchExpressions[2].operator",
        "spec.selector.matchExpressions[3].values[0]",
    ]
    assert len(validate_selector(selector, "spec.selector", allow_invalid_values=True)) == 4


def test_emptiness_and_stored_mistakes_can_be_asked_for() -> None:
    assert is_empty(None)
    assert is_empty({"matchLabels": {}})
    assert not is_empty({"matchLabels": {"a": "b"}})
    assert has_invalid_values({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]})
    assert not has_invalid_values(None)
