"""Storage classes by name."""

from __future__ import annotations

from steersman.api.core.claim_class import BETA_CLASS_ANNOTATION, class_of_claim, class_of_volume


def test_the_annotation_of_old_wins():
    claim = {"metadata": {"annotations": {BETA_CLASS_ANNOTATION: "old"}}, "spec": {"storageClassName": "new"}}
    assert class_of_claim(claim) == class_of_volume(claim) == "old"
    assert class_of_claim({"metadata": {}, "spec": {"storageClassName": "new"}}) == "new"
    assert class_of_claim({"metadata": {}, "spec": {}}) == ""
