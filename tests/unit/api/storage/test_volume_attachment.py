from __future__ import annotations

from typing import Any

import pytest

from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS

SPEC: dict[str, Any] = {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "pv"}}
CASELESS = (
    f'spec.attacher: Invalid value: "{"é" * 40}": an RFC 1123 subdomain must consist of alphanumeric characters, '
    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'Example.com', regex used for validation "
    r"is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
EXACTLY_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"source": {}}, [f"spec.source: Required value: {EXACTLY_ONE}"]),
        ({"source": {"persistentVolumeName": "pv", "inlineVolumeSpec": {}}}, [f"spec.source: Forbidden: {EXACTLY_ONE}"]),
        ({"source": {"inlineVolumeSpec": {"accessModes": ["ReadWriteOnce"], "nfs": {"server": "s", "path": "/"}}}}, ["spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes"]),
        ({"attacher": ""}, ["spec.attacher: Required value"]),
        ({"attacher": "é" * 40}, ["spec.attacher: Too long: may not be more than 63 bytes", CASELESS]),
        ({"attacher": "A" * 64}, ["spec.attacher: Too long: may not be more than 63 characters"]),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], texts: list[str]) -> None:
    assert judge(VOLUME_ATTACHMENTS).errors({"spec": SPEC | spec}) == texts


def test_the_spec_never_changes(judge: Any) -> None:
    attachments = judge(VOLUME_ATTACHMENTS)
    old = attachments.created({"spec": SPEC})
    assert attachments.update_errors({"spec": SPEC | {"nodeName": "m"}}, old) == [
        "spec: Invalid value: null: field is immutable"
    ]
    assert attachments.update_errors({"spec": SPEC | {"attacher": ""}}, old) == [
        "spec.attacher: Required value",
        "spec: Invalid value: null: field is immutable",
    ]


def test_problems_in_the_status_are_short(judge: Any) -> None:
    old = judge(VOLUME_ATTACHMENTS).created({"spec": SPEC})
    status = {"attached": False, "attachError": {"message": "x" * 1025, "errorCode": -1}}
    assert judge(VOLUME_ATTACHMENTS).status_errors(old | {"status": status}, old) == [
        "status.attachError.message: Too long: may not be more than 1024 bytes",
        "status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    ]


def test_columns(judge: Any) -> None:
    attachments = judge(VOLUME_ATTACHMENTS)
    assert list(attachments.cells(attachments.created({"spec": SPEC})).values())[:4] == ["a", "pv", "n", False]
