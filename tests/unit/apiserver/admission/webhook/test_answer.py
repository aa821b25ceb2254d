from __future__ import annotations

import base64

import orjson
import pytest

from steersman.apiserver.admission.webhook.answer import UnusableAnswer, operations, read_review, verified

V1 = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}
PATCH = base64.b64encode(b'[{"op":"add","path":"/a","value":1}]').decode()


def answer(response, *, mutating=False, version="v1", meta=V1, uid="u"):
    review = meta | {"response": response}
    return verified(read_review(orjson.dumps(review)), uid=uid, version=version, mutating=mutating)


def test_what_a_webhook_says_is_read():
    said = answer(
        {"uid": "u", "allowed": True, "warnings": ["w"], "patch": PATCH, "patchType": "JSONPatch"}, mutating=True
    )
    assert (said.allowed, said.warnings, said.patch_type) == (True, ("w",), "JSONPatch")
    assert operations(said) == [{"op": "add", "path": "/a", "value": 1}]
    said = answer({"uid": "u", "status": {"message": "no"}})
    assert (said.allowed, said.result) == (False, {"metadata": {}, "message": "no"})


@pytest.mark.parametrize(
    ("response", "mutating", "why"),
    [
        (None, False, "webhook response was absent"),
        ({"uid": "x", "allowed": True}, False, 'expected response.uid="u", got "x"'),
        ({"allowed": True}, False, 'expected response.uid="u", got ""'),
        ({"uid": "u", "patch": PATCH}, False, "validating webhook may not return response.patch"),
        ({"uid": "u", "patchType": "JSONPatch"}, False, "validating webhook may not return response.patchType"),
        ({"uid": "u", "patch": PATCH}, True, "webhook returned response.patch but not response.patchType"),
        ({"uid": "u", "patchType": "JSONPatch"}, True, "webhook returned response.patchType but not response.patch"),
        ({"uid": "u", "patch": PATCH, "patchType": ""}, True, 'webhook returned invalid response.patchType of ""'),
        ({"uid": "u", "patch": "%"}, True, "illegal base64 data in response.patch"),
        (
            {"uid": "u", "allowed": "yes"},
            False,
            "json: cannot unmarshal string into Go struct field AdmissionReview.response.allowed of type bool",
        ),
        (
            {"uid": "u", "warnings": [1]},
            False,
            "json: cannot unmarshal number into Go struct field AdmissionReview.response.warnings of type string",
        ),
    ],
)
def test_an_answer_in_v1_is_judged_strictly(response, mutating, why):
    with pytest.raises(UnusableAnswer) as refused:
        answer(response, mutating=mutating)
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("meta", "got"),
    [
        ({}, "/, Kind="),
        (V1 | {"apiVersion": "admission.k8s.io/v1beta1"}, "admission.k8s.io/v1beta1, Kind=AdmissionReview"),
    ],
)
def test_an_answer_in_v1_says_that_it_is_one(meta, got):
    with pytest.raises(UnusableAnswer) as refused:
        answer({"uid": "u", "allowed": True}, meta=meta)
    assert str(refused.value) == (f"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {got}")


def test_an_answer_in_v1beta1_needs_neither_uid_nor_patch_type():
    assert (
        answer({"allowed": True, "patch": PATCH}, version="v1beta1", meta={}, mutating=True).patch_type == "JSONPatch"
    )
    assert answer({"allowed": True, "patch": PATCH}, version="v1beta1", meta={}).patch == b""


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<html>", "couldn't get version/kind; json parse error: "),
        (b'{"kind":"Pod","apiVersion":"v1"}', 'no kind "Pod" is registered for version "v1" in scheme '),
        (b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"busy"}', "busy"),
        (b"[]", "couldn't get version/kind; json parse error: json: cannot unmarshal array"),
    ],
)
def test_a_body_that_is_no_review_is_no_answer(raw, why):
    with pytest.raises(UnusableAnswer) as refused:
        read_review(raw)
    assert str(refused.value).startswith(why)


def test_a_patch_that_is_no_list_is_undecodable():
    for text, why in (
        (b"{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (b"[", "unexpected end of JSON input"),
    ):
        said = answer({"uid": "u", "patch": base64.b64encode(text).decode(), "patchType": "JSONPatch"}, mutating=True)
        with pytest.raises(UnusableAnswer) as refused:
            operations(said)
        assert str(refused.value) == why
    said = answer({"uid": "u", "patch": base64.b64encode(b"null").decode(), "patchType": "JSONPatch"}, mutating=True)
    assert operations(said) == []


def test_the_status_of_a_denial_is_a_status() -> None:
    odd = {"code": 403, "details": {"causes": [{"field": "f", "odd": 1}]}, "odd": 1}
    said = answer({"uid": "u", "status": odd})
    assert said.result == {"metadata": {}, "code": 403, "details": {"causes": [{"field": "f"}]}}
    with pytest.raises(UnusableAnswer, match="json: cannot unmarshal bool"):
        answer({"uid": "u", "status": {"code": True}})
