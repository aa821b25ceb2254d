from __future__ import annotations

from typing import Any

import pytest

from steersman.api.admissionregistration.mutating_webhook_configuration import MUTATING_WEBHOOK_CONFIGURATIONS
from steersman.api.admissionregistration.validating_webhook_configuration import VALIDATING_WEBHOOK_CONFIGURATIONS

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
HOOK = {
    "name": "a.b.c",
    "clientConfig": {"service": {"namespace": "n", "name": "s"}},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "rules": [RULE],
}


def hooks(**changes: Any) -> dict[str, Any]:
    return {"webhooks": [HOOK | changes]}


def test_a_hook_is_completed(judge: Any) -> None:
    hook = judge(MUTATING_WEBHOOK_CONFIGURATIONS).defaulted(hooks())["webhooks"][0]
    assert hook["failurePolicy"] == "Fail"
    assert hook["timeoutSeconds"] == 10
    assert hook["reinvocationPolicy"] == "Never"
    assert hook["objectSelector"] == {}
    assert hook["rules"][0]["scope"] == "*"
    assert hook["clientConfig"]["service"]["port"] == 443


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"name": "a"}, ["webhooks[0].name: Invalid value: "]),
        ({"sideEffects": "Some"}, ["webhooks[0].sideEffects: Unsupported value: "]),
        ({"timeoutSeconds": 31}, ["webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be "]),
        ({"clientConfig": {}}, ["webhooks[0].clientConfig: Required value: exactly one of url or service is required"]),
        ({"admissionReviewVersions": ["v2"]}, ["webhooks[0].admissionReviewVersions: Invalid value: "]),
        (
            {"rules": [RULE | {"resources": ["pods/*", "pods/log"]}]},
            ["webhooks[0].rules[0].resources[1]: Invalid value: \"pods/log\": if 'pods/*' is present"],
        ),
        (
            {"rules": [RULE | {"operations": ["*", "X"]}]},
            ["webhooks[0].rules[0].operations: ", "webhooks[0].rules[0].op"],
        ),
        ({"matchConditions": [{"name": "", "expression": " "}]}, ["webhooks[0].matchConditions[0].expression", "w"]),
    ],
)
def test_what_may_be_wrong_with_a_hook(judge: Any, changes: dict[str, Any], wrong: list[str]) -> None:
    errors = judge(VALIDATING_WEBHOOK_CONFIGURATIONS).errors(hooks(**changes))
    assert len(errors) == len(wrong)
    assert all(error.startswith(text) for error, text in zip(errors, wrong, strict=True))


def test_names_of_hooks_are_unique_unless_they_never_were(judge: Any) -> None:
    asked = judge(VALIDATING_WEBHOOK_CONFIGURATIONS)
    twice = {"webhooks": [HOOK, HOOK]}
    assert asked.errors(twice) == ['webhooks[1].name: Duplicate value: "a.b.c"']
    assert asked.update_errors(twice, asked.created(twice)) == []


def test_names_of_static_manifests_are_reserved(judge: Any) -> None:
    asked = judge(VALIDATING_WEBHOOK_CONFIGURATIONS)
    assert asked.errors(hooks() | {"metadata": {"name": "x.static.k8s.io"}})[0].startswith(
        "metadata.name: Invalid value"
    )


def test_rules_for_reviews_have_no_effect() -> None:
    warnings = VALIDATING_WEBHOOK_CONFIGURATIONS.strategy.warnings
    assert warnings is not None
    rule = RULE | {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"]}
    assert warnings({"webhooks": [{"rules": [rule]}]}, None) == [
        (
            "webhooks[0].rules[0]: tokenreviews.authentication.k8s.io is excluded from admission webhooks; this rule "
            "will have no effect"
        )
    ]
