"""Roles and bindings: what a rule may say, whom a binding may name, and that what it grants never changes."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.api.rbac.cluster_role_binding import CLUSTER_ROLE_BINDINGS
from steersman.api.rbac.role import ROLES
from steersman.api.rbac.role_binding import ROLE_BINDINGS

GROUP = "rbac.authorization.k8s.io"
RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
URLS = {"nonResourceURLs": ["/healthz"], "verbs": ["get"]}
BOTH = 'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-'


@pytest.mark.parametrize(
    ("rule", "cluster", "namespaced"),
    [
        (RULE, [], []),
        (RULE | {"resourceNames": ["a"]}, [], []),
        (URLS, [], ['rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply']),
        (
            URLS | {"resources": ["pods"]},
            [BOTH],
            ['rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply', BOTH],
        ),
        (
            {"verbs": ["get"]},
            *[
                [
                    "rules[0].apiGroups: Required value: resource rules must",
                    "rules[0].resources: Required value: resource",
                ]
            ]
            * 2,
        ),
        ({"apiGroups": [""], "resources": ["pods"]}, *[["rules[0].verbs: Required value"]] * 2),
    ],
)
def test_a_rule_is_about_resources_or_urls(judge: Any, rule: Any, cluster: list[str], namespaced: list[str]) -> None:
    for resource, errors in ((CLUSTER_ROLES, cluster), (ROLES, namespaced)):
        found = judge(resource).errors({"rules": [rule]})
        assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors, resource.kind


@pytest.mark.parametrize(
    ("selectors", "fields"),
    [
        ([{"matchLabels": {"a": "b"}}], []),
        ([], ["aggregationRule.clusterRoleSelectors"]),
        (
            [{}, {"matchExpressions": [{"key": "a", "operator": "Odd"}]}],
            ["aggregationRule.clusterRoleSelectors[1].matchExpressions[0].operator"],
        ),
    ],
)
def test_an_aggregation_selects_something(judge: Any, selectors: Any, fields: list[str]) -> None:
    errors = judge(CLUSTER_ROLES).errors({"aggregationRule": {"clusterRoleSelectors": selectors}})
    assert [error.split(":")[0] for error in errors] == fields


def binding(*subjects: Any, kind: str = "ClusterRole", name: str = "r", group: str = "") -> dict[str, Any]:
    return {"roleRef": {"apiGroup": group, "kind": kind, "name": name}, "subjects": list(subjects)}


def test_references_and_subjects_are_rbacs_unless_they_say_otherwise(judge: Any) -> None:
    subjects = [{"kind": kind, "name": "a"} for kind in ("User", "Group", "ServiceAccount")]
    made = judge(ROLE_BINDINGS).defaulted(binding(*subjects, {"kind": "User", "name": "b", "apiGroup": "g"}))
    assert made["roleRef"]["apiGroup"] == GROUP
    assert [subject.get("apiGroup", "") for subject in made["subjects"]] == [GROUP, GROUP, "", "g"]


ACCOUNT = {"kind": "ServiceAccount", "name": "a"}


@pytest.mark.parametrize(
    ("subject", "cluster", "namespaced"),
    [
        ({"kind": "User", "name": "any thing"}, [], []),
        (ACCOUNT | {"namespace": "n"}, [], []),
        (ACCOUNT, ["subjects[0].namespace: Required value"], []),
        (ACCOUNT | {"name": "A", "namespace": "n"}, *[['subjects[0].name: Invalid value: "A"']] * 2),
        (
            ACCOUNT | {"namespace": "n", "apiGroup": GROUP},
            *[[f'subjects[0].apiGroup: Unsupported value: "{GROUP}": supported values: ""']] * 2,
        ),
        (
            {"kind": "Group", "name": "g", "apiGroup": "x"},
            *[[f'subjects[0].apiGroup: Unsupported value: "x": supported values: "{GROUP}"']] * 2,
        ),
        (
            {"kind": "Robot", "name": "r"},
            *[['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"']]
            * 2,
        ),
        ({"kind": "User"}, *[["subjects[0].name: Required value"]] * 2),
    ],
)
def test_subjects_are_users_groups_and_accounts(
    judge: Any, subject: Any, cluster: list[str], namespaced: list[str]
) -> None:
    for resource, errors in ((CLUSTER_ROLE_BINDINGS, cluster), (ROLE_BINDINGS, namespaced)):
        found = judge(resource).errors(binding(subject))
        assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors, resource.kind


@pytest.mark.parametrize(
    ("reference", "cluster", "namespaced"),
    [
        ({}, [], []),
        ({"kind": "Role"}, ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'], []),
        ({"name": ""}, *[["roleRef.name: Required value"]] * 2),
        ({"name": "system:a"}, [], []),
        ({"name": "a/b"}, *[["roleRef.name: Invalid value: \"a/b\": may not contain '/'"]] * 2),
        ({"group": "x"}, *[[f'roleRef.apiGroup: Unsupported value: "x": supported values: "{GROUP}"']] * 2),
    ],
)
def test_a_reference_names_a_role_that_can_be_bound_there(
    judge: Any, reference: Any, cluster: list[str], namespaced: list[str]
) -> None:
    assert judge(CLUSTER_ROLE_BINDINGS).errors(binding(**reference)) == cluster
    assert judge(ROLE_BINDINGS).errors(binding(**reference)) == namespaced


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        (CLUSTER_ROLE_BINDINGS, f'{{"apiGroup":"{GROUP}","kind":"ClusterRole","name":"other"}}'),
        (ROLE_BINDINGS, f'{{"APIGroup":"{GROUP}","Kind":"ClusterRole","Name":"other"}}'),
    ],
    ids=["cluster", "namespaced"],
)
def test_what_a_binding_grants_never_changes_but_to_whom(judge: Any, resource: Any, shown: str) -> None:
    judge = judge(resource)
    old = judge.created(binding())
    assert judge.update_errors(binding({"kind": "User", "name": "u"}), old) == []
    assert judge.update_errors(binding(name="other"), old) == [f"roleRef: Invalid value: {shown}: field is immutable"]


def test_a_table_sorts_subjects_by_kind(judge: Any) -> None:
    obj = {
        "metadata": {},
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [
            {"kind": "User", "name": "u"},
            {"kind": "Group", "name": "g"},
            {"kind": "User", "name": "v"},
            {"kind": "ServiceAccount", "name": "a", "namespace": "n"},
        ],
    }
    cells = judge(ROLE_BINDINGS).cells(obj)
    assert (cells["Role"], cells["Users"], cells["Groups"], cells["ServiceAccounts"]) == ("Role/r", "u, v", "g", "n/a")
