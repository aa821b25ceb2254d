"""What the status of a definition should say next."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apiextensions.definition_status import apply_establishment, apply_names, apply_policies
from steersman.api.meta.conditions import find_condition

from .definitions import accepted, definition

NOW = "2026-01-01T00:00:00Z"


def said(crd: dict[str, Any], kind: str) -> tuple[str, str, str] | None:
    found = find_condition(crd, kind)
    return None if found is None else (found["status"], found["reason"], found["message"])


def test_free_names_are_accepted_and_installation_begins() -> None:
    crd = definition()
    assert apply_names(crd, [crd], NOW)
    assert crd["status"]["acceptedNames"] == crd["spec"]["names"]
    assert said(crd, "NamesAccepted") == ("True", "NoConflicts", "no conflicts found")
    assert said(crd, "Established") == ("False", "Installing", "the initial names have been accepted")
    assert not apply_names(crd, [crd], NOW)


@pytest.mark.parametrize(
    ("names", "reason", "message"),
    [
        ({"plural": "things", "kind": "Other"}, "PluralConflict", '"things" is already in use'),
        ({"plural": "others", "kind": "Other", "singular": "thing"}, "SingularConflict", '"thing" is already in use'),
        (
            {"plural": "others", "kind": "Other", "shortNames": ["thing", "o", "things"]},
            "ShortNamesConflict",
            '["thing" is already in use, "things" is already in use]',
        ),
        ({"plural": "others", "kind": "ThingList", "listKind": "X"}, "KindConflict", '"ThingList" is already in use'),
        ({"plural": "others", "kind": "Thing"}, "ListKindConflict", '"ThingList" is already in use'),
    ],
)
def test_names_of_others_are_not_accepted(names: dict[str, Any], reason: str, message: str) -> None:
    first, second = accepted(definition()), definition(names=names)
    assert apply_names(second, [first, second], NOW)
    assert said(second, "NamesAccepted") == ("False", reason, message)
    assert said(second, "Established") == ("False", "NotAccepted", "not all names are accepted")
    assert not apply_names(second, [first, second], NOW), "nothing new to say"


def test_names_that_are_ones_own_may_change() -> None:
    crd = accepted(definition())
    crd["spec"]["names"] = {**crd["spec"]["names"], "shortNames": ["th"]}
    assert apply_names(crd, [crd], NOW)
    assert crd["status"]["acceptedNames"]["shortNames"] == ["th"]


def test_it_is_established_once_its_names_are_accepted() -> None:
    crd = definition()
    assert not apply_establishment(crd, NOW)
    assert apply_establishment(accepted(crd), NOW)
    assert said(crd, "Established") == ("True", "InitialNamesAccepted", "the initial names have been accepted")
    assert not apply_establishment(crd, NOW)


def test_conversion_needs_a_readable_authority() -> None:
    webhook = {"clientConfig": {"caBundle": "bm8=", "url": "https://x"}, "conversionReviewVersions": ["v1"]}
    crd = accepted(definition(conversion={"strategy": "Webhook", "webhook": webhook}))
    assert apply_establishment(crd, NOW)
    assert said(crd, "Established") == ("False", "InvalidCABundle", "The conversion webhook CABundle is invalid")


def test_schemas_that_are_not_structural_are_told() -> None:
    crd = definition()
    assert not apply_policies(crd, NOW)
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {"properties": {"a": {}}}
    assert apply_policies(crd, NOW)
    found = said(crd, "NonStructuralSchema")
    assert found is not None
    assert found[:2] == ("True", "Violations")
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {"type": "object"}
    assert apply_policies(crd, NOW)
    assert said(crd, "NonStructuralSchema") is None


@pytest.mark.parametrize(
    ("annotation", "status", "reason"),
    [
        (None, "False", "MissingAnnotation"),
        ("unapproved, a test", "False", "UnapprovedAnnotation"),
        ("https://example.com/pull/1", "True", "ApprovedAnnotation"),
        ("yes", "False", "InvalidAnnotation"),
    ],
)
def test_groups_of_the_community_need_approval(annotation: str | None, status: str, reason: str) -> None:
    crd = definition(group="x.k8s.io")
    if annotation:
        crd["metadata"]["annotations"] = {"api-approved.kubernetes.io": annotation}
    assert apply_policies(crd, NOW)
    found = said(crd, "KubernetesAPIApprovalPolicyConformant")
    assert found is not None
    assert found[:2] == (status, reason)
