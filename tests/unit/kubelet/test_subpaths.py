"""Parts of volumes that may not be mounted."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.kubelet.subpaths import bad_subpath

POD: dict[str, Any] = {
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u", "annotations": {"place": "/abs"}},
    "spec": {},
}


def container(mount: dict[str, Any], *env: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "c", "env": list(env), "volumeMounts": [{"name": "v", "mountPath": "/v", **mount}], **more}


def of_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


@pytest.mark.parametrize(
    ("mount", "env", "what"),
    [
        ({}, [], ""),
        ({"subPath": "a/b"}, [], ""),
        ({"subPathExpr": "$(POD)/logs"}, [of_field("POD", "metadata.name")], ""),
        ({"subPathExpr": "$(A)"}, [{"name": "A", "value": ".."}], "unable to provision SubPath `..`: must not contain"),
        ({"subPathExpr": "$(A)"}, [{"name": "A", "value": "/tmp"}], "error SubPath `/tmp` must not be an absolute"),
        ({"subPathExpr": "$(A)"}, [of_field("A", "metadata.annotations['place']")], "error SubPath `/abs` must not be"),
        ({"subPathExpr": "$(A)"}, [of_field("A", "metadata.annotations['none']")], "missing value for A"),
        ({"subPathExpr": "$(B)-$(A)"}, [], "missing value for A, B"),
        ({"subPathExpr": "$$(A)"}, [], ""),
        (
            {"subPathExpr": "$(B)"},
            [{"name": "A", "value": "/x"}, {"name": "B", "value": "$(A)/y"}],
            "error SubPath `/x/y`",
        ),
    ],
)
def test_paths_stay_below_their_volume(mount: dict[str, Any], env: list[dict[str, Any]], what: str) -> None:
    found = bad_subpath(POD, container(mount, *env))
    assert found.startswith(what)
    assert bool(found) == bool(what)


def test_values_that_are_not_known_here_count_as_good() -> None:
    secret = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert bad_subpath(POD, container({"subPathExpr": "$(A)"}, secret)) == ""
    assert bad_subpath(POD, container({"subPathExpr": "$(A)"}, envFrom=[{"configMapRef": {"name": "m"}}])) == ""
