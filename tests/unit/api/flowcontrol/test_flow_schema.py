from __future__ import annotations

from typing import Any

import pytest

from steersman.api.flowcontrol.flow_schema import FLOW_SCHEMAS

RESOURCES = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["*"]}
USER = {"kind": "User", "user": {"name": "u"}}


def spec(**rule: Any) -> dict[str, Any]:
    whole = {"subjects": [USER], "resourceRules": [RESOURCES]} | rule
    return {"spec": {"priorityLevelConfiguration": {"name": "p"}, "rules": [whole]}}


def test_the_precedence_is_1000_unless_given(judge: Any) -> None:
    assert judge(FLOW_SCHEMAS).defaulted({})["spec"]["matchingPrecedence"] == 1000


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ({}, []),
        ({"subjects": []}, ["subjects: Required value: subjects must contain at least one value"]),
        ({"resourceRules": []}, [": Required value: at least one of resourceRules and nonResourceRules has to be"]),
        ({"subjects": [USER | {"group": {"name": "g"}}]}, ["subjects[0].group: Forbidden: group is forbidden when"]),
        ({"subjects": [{"kind": "Group"}]}, ["subjects[0].group: Required value: group is required when subject kind"]),
        (
            {"subjects": [{"kind": "ServiceAccount", "serviceAccount": {"name": "*x"}}]},
            ["subjects[0].serviceAccount.name: Invalid", "subjects[0].serviceAccount.namespace: Required"],
        ),
        ({"resourceRules": [RESOURCES | {"verbs": ["eat"]}]}, ['resourceRules[0].verbs: Unsupported value: ["eat"]: ']),
        ({"resourceRules": [RESOURCES | {"verbs": ["*", "x"]}]}, ["resourceRules[0].verbs: Invalid value: "]),
        ({"resourceRules": [RESOURCES | {"namespaces": []}]}, ["resourceRules[0].namespaces: Required value: "]),
        (
            {"nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["a", "/*b"]}]},
            ["nonResourceRules[0].nonResourceURLs[0]: ", "nonResourceRules[0].nonResourceURLs[1]: "],
        ),
    ],
)
def test_what_may_be_wrong_with_a_rule(judge: Any, rule: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(FLOW_SCHEMAS).errors(spec(**rule))
    assert len(errors) == len(wrong)
    for error, text in zip(errors, wrong, strict=True):
        assert error.removeprefix("spec.rules[0]").removeprefix(".").startswith(text)


def test_the_first_place_belongs_to_exempt(judge: Any) -> None:
    first = {"spec": {"matchingPrecedence": 1, "priorityLevelConfiguration": {"name": "p"}}}
    assert judge(FLOW_SCHEMAS).errors(first) == [
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"
    ]
    (error,) = judge(FLOW_SCHEMAS).errors(first | {"metadata": {"name": "exempt"}})
    assert error == (
        'spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"p"},"MatchingPrecedence":1,"DistinguisherMethod":'
        "null,\"Rules\":null}: spec of 'exempt' must equal the fixed value"
    )


def test_the_table_tells_a_missing_level(judge: Any) -> None:
    status = {"conditions": [{"type": "Dangling", "status": "True"}]}
    assert judge(FLOW_SCHEMAS).cells({"metadata": {}, "status": status})["MissingPL"] == "True"
    assert judge(FLOW_SCHEMAS).cells({"metadata": {}})["MissingPL"] == "?"
