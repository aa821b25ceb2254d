"""What a conversion webhook is asked, and which answers count."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from steersman.apiserver.conversion.review import (
    CALL,
    INVALID,
    MALFORMED,
    PARTIAL,
    ConversionError,
    accept,
    build_review,
    read_answer,
)

V1, V2 = "example.com/v1", "example.com/v2"
ABOUT = "conversion webhook for example.com/v1, Kind=Thing"


def thing(version: str = V1, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": "Thing", "metadata": {"name": "a", "namespace": "n", "uid": "u", **metadata}}


def review(*versions: str) -> dict[str, Any]:
    return build_review([thing()], to=V2, uid="7", versions=versions or ("v1",))


def answer(version: str = "v1", *, uid: str = "7", result: Any = None, objects: Any = None, **more: Any) -> bytes:
    response = {
        "uid": uid,
        "result": {"status": "Success"} if result is None else result,
        "convertedObjects": [thing(V2)] if objects is None else objects,
    }
    kind = {"kind": "ConversionReview", "apiVersion": f"apiextensions.k8s.io/{version}"}
    return orjson.dumps(kind | {"response": response} | more)


def failure(raw: bytes, asked: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ConversionError) as caught:
        read_answer(raw, asked)
    return str(caught.value), caught.value.failure


def test_the_first_known_review_version_is_used() -> None:
    asked = review("v9", "v1beta1", "v1")
    assert asked["apiVersion"] == "apiextensions.k8s.io/v1beta1"
    assert asked["request"] == {"uid": "7", "desiredAPIVersion": V2, "objects": [thing()]}
    with pytest.raises(ConversionError, match="no supported conversion review versions"):
        review("v9")


def test_an_answer_holds_as_many_objects_as_were_asked_for() -> None:
    assert read_answer(answer(), review()) == [thing(V2)]
    assert failure(answer(objects=[]), review()) == (f"{ABOUT} returned 0 objects, expected 1", PARTIAL)
    assert failure(answer(objects={}), review()) == (f"{ABOUT} returned 0 objects, expected 1", PARTIAL)


def test_what_a_webhook_says_about_its_failure_is_passed_on() -> None:
    said = failure(answer(result={"status": "Failure", "message": "no idea"}), review())
    assert said == (f"{ABOUT} failed: no idea", MALFORMED)
    silent = failure(answer(result={"status": "Failure"}), review())
    assert silent[0] == f"{ABOUT} failed: response.result.status was 'Failure', not 'Success'"
    assert failure(answer(result={}), review())[0].endswith("response.result.status was '', not 'Success'")
    assert failure(answer(response=None), review())[0] == f"{ABOUT} failed: no response provided"


def test_an_answer_must_be_meant_for_the_question() -> None:
    said = failure(answer(uid="8"), review())
    assert said == (f'{ABOUT} failed: expected response.uid="7", got "8"', MALFORMED)
    wrong = "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got "
    assert failure(answer(kind="Status", apiVersion="v1"), review())[0] == f"{ABOUT} failed: {wrong}/v1, Kind=Status"
    assert failure(answer(kind="", apiVersion=""), review())[0] == f"{ABOUT} failed: {wrong}/, Kind="


def test_beta_reviews_are_read_as_leniently_as_they_always_were() -> None:
    asked = review("v1beta1")
    assert read_answer(answer("v1beta1", uid="other"), asked) == [thing(V2)]
    assert read_answer(answer(kind="", apiVersion="", uid=""), asked) == [thing(V2)]


def test_what_is_no_json_is_a_failed_call() -> None:
    text, kind = failure(b"<html>", review())
    assert kind == CALL
    assert text.startswith(f"{ABOUT} failed: couldn't get version/kind; json parse error: invalid character '<'")


def test_a_converted_object_keeps_all_metadata_but_labels_and_annotations() -> None:
    original = thing(labels={"a": "1"}, finalizers=["x/y"], generation=3)
    converted = thing(V2, labels={"b": "2"}, annotations={"c": "3"}, finalizers=[], generation=9) | {"spec": {"n": 1}}
    made = accept(original, converted, to=V2)
    assert made == {
        "apiVersion": V2,
        "kind": "Thing",
        "metadata": {
            "name": "a",
            "namespace": "n",
            "uid": "u",
            "labels": {"b": "2"},
            "annotations": {"c": "3"},
            "finalizers": ["x/y"],
            "generation": 3,
        },
        "spec": {"n": 1},
    }
    assert original == thing(labels={"a": "1"}, finalizers=["x/y"], generation=3)
    assert "labels" not in accept(original, thing(V2), to=V2)["metadata"]


LABEL = "a valid label must be an empty string or consist of alphanumeric characters"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"apiVersion": V1}, f"invalid object at index 0: invalid groupVersion (expected {V2}, received {V1})"),
        ({"kind": "Other"}, "invalid object at index 0: invalid kind (expected Thing, received Other)"),
        ({"metadata": {"name": "b"}}, "invalid object: must have the same name: a != b"),
        ({"metadata": {"name": "a"}}, "invalid object: must have the same namespace: n != "),
        ({"metadata": {"name": "a", "namespace": "n"}}, "invalid object: must have the same UID: u != "),
        ({"metadata": thing(labels=[])["metadata"]}, "invalid metadata.labels of type []interface {}"),
        ({"metadata": thing(labels={"a": 1})["metadata"]}, "metadata.labels[a] must be a string, but is int64"),
        ({"metadata": thing(labels={"a": "/"})["metadata"]}, f'metadata.labels: Invalid value: "/": {LABEL}'),
        ({"metadata": thing(annotations={"/": ""})["metadata"]}, 'metadata.annotation: Invalid value: "/"'),
    ],
)
def test_what_a_webhook_must_not_change(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConversionError) as caught:
        accept(thing(), thing(V2) | changes, to=V2)
    assert caught.value.failure == INVALID
    assert str(caught.value).startswith(f"{ABOUT} returned invalid ")
    assert why in str(caught.value)


def test_a_converted_object_has_a_kind() -> None:
    with pytest.raises(ConversionError, match="Object 'Kind' is missing in"):
        accept(thing(), {"apiVersion": V2}, to=V2)
