from __future__ import annotations

import pytest

from steersman.api.core.claim_spec import validate_claim_spec

GOOD = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def test_a_mode_and_a_size_are_enough() -> None:
    assert validate_claim_spec(GOOD, "spec") == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"accessModes": []}, "spec.accessModes: Required value: at least 1 access mode is required"),
        (
            {"accessModes": ["ReadWriteOncePod", "ReadWriteMany"]},
            "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
        ),
        ({"resources": {}}, "spec.resources[storage]: Required value"),
        (
            {"resources": {"requests": {"storage": "0"}}},
            'spec.resources[storage]: Invalid value: "0": must be greater than zero',
        ),
        (
            {"volumeMode": "Tape"},
            'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
        ),
        (
            {"dataSource": {"kind": "X", "name": "x"}},
            'spec.dataSource: Invalid value: "X": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        ),
    ],
)  # fmt: skip
def test_each_rule(change, text) -> None:
    assert [str(error) for error in validate_claim_spec(GOOD | change, "spec")] == [text]


def test_both_ways_of_naming_the_source_must_agree() -> None:
    source = {"kind": "PersistentVolumeClaim", "name": "a"}
    spec = GOOD | {"dataSource": source, "dataSourceRef": source | {"name": "b"}}
    assert [str(error) for error in validate_claim_spec(spec, "spec")] == [
        "spec: Invalid value: {}: must match dataSourceRef"
    ]
