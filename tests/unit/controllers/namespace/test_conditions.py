"""What a terminating namespace says of itself."""

from __future__ import annotations

from collections import Counter

from steersman.controllers.namespace.conditions import Findings, apply_conditions, compute_conditions

HELD = (
    "Some content in the namespace has finalizers remaining: "
    "x.io/f in 2 resource instances, x.io/g in 1 resource instances"
)
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def told(findings, **more):
    return {
        each["type"]: (each["status"], each["reason"], each["message"]) for each in compute_conditions(findings, **more)
    }


def test_what_is_not_wrong_is_said_to_be_right():
    assert list(told(Findings()).items()) == [
        (
            "NamespaceDeletionDiscoveryFailure",
            ("False", "ResourcesDiscovered", "All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            ("False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", ("False", "ContentRemoved", "All content successfully removed")),
        (
            "NamespaceFinalizersRemaining",
            ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
        ),
    ]


def test_what_is_left_is_counted_in_a_fixed_order():
    findings = Findings(
        remaining={("pods", ""): 2, ("deployments", "apps"): 1}, finalizers=Counter({"x.io/g": 1, "x.io/f": 2})
    )
    said = told(findings)
    assert said["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances",
    )
    assert said["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        HELD,
    )
    assert told(findings, counted=False)["NamespaceContentRemaining"][0] == "False", "a first pass says nothing of it"


def test_failures_are_told():
    said = told(Findings(("m/v1",), "unable to know", ["b failed", "a failed"]))
    assert said["NamespaceDeletionDiscoveryFailure"] == (
        "True",
        "DiscoveryFailed",
        "Discovery failed for some groups, 1 failing: unable to know",
    )
    assert said["NamespaceDeletionContentFailure"] == (
        "True",
        "ContentDeletionFailed",
        "Failed to delete all resource types, 2 remaining: a failed, b failed",
    )


def test_conditions_are_written_only_when_they_differ_and_keep_the_time_of_their_status():
    namespace = {"metadata": {"name": "n"}, "status": {"phase": "Terminating", "conditions": [{"type": "Mine"}]}}
    first = apply_conditions(namespace, compute_conditions(Findings()), NOW)
    assert first["status"]["phase"] == "Terminating"
    assert first["status"]["conditions"][0]["type"] == "Mine"
    assert namespace["status"]["conditions"] == [{"type": "Mine"}], "what came from elsewhere is not changed"
    assert apply_conditions(first, compute_conditions(Findings()), LATER) is None
    left = Findings(remaining={("pods", ""): 1})
    second = apply_conditions(first, compute_conditions(left), LATER)
    times = {each["type"]: each.get("lastTransitionTime") for each in second["status"]["conditions"]}
    assert times["NamespaceContentRemaining"] == LATER
    assert times["NamespaceDeletionContentFailure"] == NOW
