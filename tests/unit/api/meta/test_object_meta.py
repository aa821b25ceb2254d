from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from steersman.api.errors import Invalid
from steersman.api.meta import names
from steersman.api.meta.object_meta import validate_metadata, validate_metadata_update

RECORDED = Path(__file__).parents[5] / "shared" / "golden" / "visible" / "validation"
VALIDATE_NAME = {
    "namespaces": names.name_is_dns_label,
    "services": names.name_is_dns1035_label,
    "clusterroles": names.name_is_path_segment,
}


def _fields(errors) -> list[str]:
    return [error.field for error in errors]


def _check(**metadata):
    return validate_metadata({"metadata": metadata}, namespaced=False)


def test_a_name_is_required() -> None:
    (error,) = _check()
    assert str(error) == "metadata.name: Required value: name or generateName is required"


def test_a_namespace_belongs_to_namespaced_objects_only() -> None:
    assert _fields(_check(name="a", namespace="b")) == ["metadata.namespace"]
    assert _fields(validate_metadata({"metadata": {"name": "a"}}, namespaced=True)) == ["metadata.namespace"]


def test_only_one_owner_may_be_the_controller() -> None:
    owner = {"uid": "u", "name": "a", "kind": "Pod", "apiVersion": "v1", "controller": True}
    (error,) = _check(name="a", ownerReferences=[owner, {**owner, "name": "b"}])
    assert error.body() == (
        'Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true},'
        '{"apiVersion":"v1","kind":"Pod","name":"b","uid":"u","controller":true}]: Only one reference can have '
        'Controller set to true. Found "true" in references for Pod/a and Pod/b'
    )


def test_annotations_have_a_limit_on_all_bytes_together() -> None:
    assert _check(name="a", annotations={"k": "x" * (256 * 1024 - 1)}) == []
    (error,) = _check(name="a", annotations={"k": "x" * (256 * 1024)})
    assert str(error) == "metadata.annotations: Too long: may not be more than 262144 bytes"


def test_finalizers_without_a_domain_must_be_kubernetes_own() -> None:
    assert _check(name="a", finalizers=["orphan", "a.b/c"]) == []
    assert _fields(_check(name="a", finalizers=["bad"])) == ["metadata.finalizers[0]"]
    obj = {"metadata": {"name": "a", "finalizers": ["bad"]}}
    assert validate_metadata(obj, namespaced=False, standard_finalizers=False) == []


def test_identity_cannot_change() -> None:
    old = {"metadata": {"name": "a", "uid": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    new = {"metadata": {"name": "b", "uid": "2"}}
    assert _fields(validate_metadata_update(new, old)) == [
        "metadata.name", "metadata.uid", "metadata.creationTimestamp",
    ]  # fmt: skip


def test_the_generation_never_falls() -> None:
    old, new = {"metadata": {"name": "a", "generation": 3}}, {"metadata": {"name": "a", "generation": 2}}
    assert [e.detail for e in validate_metadata_update(new, old)] == ["must not be decremented"]


def test_a_deleted_object_gets_no_new_finalizers() -> None:
    old = {"metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a.b/f"]}}
    new = {"metadata": old["metadata"] | {"finalizers": ["a.b/f", "a.b/g"]}}
    assert validate_metadata_update(new, old)[0].detail.endswith('found new finalizers []string{"a.b/g"}')


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers of upstream are not beside this checkout")
def test_recorded_answers_of_upstream() -> None:
    compared = 0
    for path in sorted(RECORDED.glob("metadata-*.json")):
        for step in json.loads(path.read_text().replace("@u@", "tok1"))["steps"]:
            plural = step["path"].rpartition("/")[2]
            if step["do"] != "POST" or step["answer"]["status"] not in (201, 422):
                continue
            if plural in ("namespaces", "customresourcedefinitions"):
                continue  # their own rules say more about the name
            metadata = {k: v for k, v in (step["body"].get("metadata") or {}).items() if k != "managedFields"}
            if "@ns@" in step["path"]:
                metadata["namespace"] = metadata.get("namespace") or "ns"
            if metadata.get("generateName") and not metadata.get("name"):
                metadata["name"] = metadata["generateName"] + "abcde"
            metadata.pop("generation", None)
            namespaced = "@ns@" in step["path"]
            errors = validate_metadata(
                {"metadata": metadata}, namespaced=namespaced, validate_name=VALIDATE_NAME.get(plural)
            )
            causes = (step["answer"]["body"].get("details") or {}).get("causes", [])
            got = Invalid.of("", "", "", errors).details.get("causes", [])
            for cause in got:
                cause["message"] = re.sub(" +", " ", cause["message"])
            assert got == [c for c in causes if c["field"].startswith("metadata")], step["body"]
            compared += 1
    assert compared > 150
