"""Query parameters of the verbs: what is read, what is refused, in upstream's words."""

from __future__ import annotations

import pytest

from steersman.api.errors import BadRequest, Invalid
from steersman.apiserver.options import ListOptions, as_bool, delete_options, list_options, write_options


def refusal(call: object) -> str:
    with pytest.raises(Invalid) as error:
        call()  # type: ignore[operator]
    return str(error.value)


def test_nothing_given_means_the_defaults() -> None:
    options = write_options({}, "CreateOptions")
    assert (options.dry_run, options.field_manager, options.field_validation, options.force) == (
        False,
        "",
        "Warn",
        None,
    )
    assert list_options({}, watch=False) == ListOptions()


def test_dry_run_is_all_exactly() -> None:
    assert write_options({"dryRun": ["All", "All"]}, "CreateOptions").dry_run
    assert 'dryRun: Unsupported value: [""]: supported values: "All"' in refusal(
        lambda: write_options({"dryRun": [""]}, "CreateOptions")
    )


def test_field_validation_is_warn_unless_said_otherwise() -> None:
    assert write_options({"fieldValidation": [""]}, "PatchOptions").field_validation == "Warn"
    assert write_options({"fieldValidation": ["Strict"]}, "PatchOptions").field_validation == "Strict"
    message = refusal(lambda: write_options({"fieldValidation": ["strict"]}, "PatchOptions"))
    assert message.startswith('PatchOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "strict"')


def test_a_field_manager_is_short_and_printable() -> None:
    assert "may not be more than 128 bytes" in refusal(
        lambda: write_options({"fieldManager": ["x" * 129]}, "PatchOptions")
    )
    assert "invalid character U+0009" in refusal(lambda: write_options({"fieldManager": ["a\tb"]}, "PatchOptions"))


@pytest.mark.parametrize(
    ("text", "value"), [("", False), ("false", False), ("0", False), ("true", True), ("1", True), ("maybe", True)]
)
def test_booleans_are_true_unless_they_say_false(text: str, value: bool) -> None:
    assert as_bool(text) is value


def test_numbers_are_numbers() -> None:
    assert list_options({"limit": ["-1"]}, watch=False).limit == 0
    with pytest.raises(BadRequest, match='parsing "x": invalid syntax'):
        list_options({"limit": ["x"]}, watch=False)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"resourceVersionMatch": "Exact"}, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Near", "resourceVersion": "1"}, 'supported values: "Exact", "NotOlderThan", ""'),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 'is forbidden for resourceVersion "0"'),
        ({"sendInitialEvents": "true"}, "sendInitialEvents is forbidden for list"),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "1", "continue": "x"},
            "resourceVersionMatch is forbidden when continue is provided",
        ),
    ],
)
def test_what_a_list_may_not_ask(query: dict[str, str], message: str) -> None:
    given = {name: [value] for name, value in query.items()}
    text = refusal(lambda: list_options(given, watch=False))
    assert text.startswith('ListOptions.meta.k8s.io "" is invalid')
    assert message in text


def test_a_watch_with_initial_events_says_that_nothing_older_will_do() -> None:
    given = {"sendInitialEvents": ["true"], "resourceVersionMatch": ["NotOlderThan"]}
    assert list_options(given, watch=True).send_initial_events
    assert "requires setting resourceVersionMatch to NotOlderThan" in refusal(
        lambda: list_options({"sendInitialEvents": ["true"]}, watch=True)
    )
    assert "forbidden for watch unless sendInitialEvents" in refusal(
        lambda: list_options({"resourceVersionMatch": ["NotOlderThan"], "resourceVersion": ["1"]}, watch=True)
    )


def test_a_body_counts_alone() -> None:
    query = {"gracePeriodSeconds": ["5"], "propagationPolicy": ["Orphan"]}
    assert delete_options(query, None).grace_s == 5
    options = delete_options(query, {"preconditions": {"uid": "u"}})
    assert (options.grace_s, options.propagation, options.uid) == (None, None, "u")


def test_policies_exclude_each_other() -> None:
    both = {"orphanDependents": True, "propagationPolicy": "Orphan"}
    assert "cannot be both set" in refusal(lambda: delete_options({}, both))
    assert 'propagationPolicy: Unsupported value: ""' in refusal(lambda: delete_options({}, {"propagationPolicy": ""}))
