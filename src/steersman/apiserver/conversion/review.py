"""ConversionReview: the question to a conversion webhook, and what counts as an answer to it. Pure.

Follows upstream (apiextensions-apiserver: apiserver/conversion/webhook_converter.go) in its checks and in their words.
An answer holds the same objects in the same order, of the same kind, name, namespace and UID, in the version that was
asked for. Of its metadata only labels and annotations count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steersman.api.apiextensions.custom_strategy import go_type
from steersman.api.errors import Invalid
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.object_meta import validate_annotations
from steersman.apiserver.codec import json
from steersman.apiserver.codec.malformed import Malformed, type_meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

GROUP: Final = "apiextensions.k8s.io"
KIND: Final = "ConversionReview"
REVIEW_VERSIONS: Final = ("v1", "v1beta1")
CALL: Final = "conversion_webhook_call_failure"
MALFORMED: Final = "conversion_webhook_malformed_response_failure"
PARTIAL: Final = "conversion_webhook_partial_response_failure"
INVALID: Final = "conversion_webhook_invalid_converted_object_failure"
_SUCCESS: Final = "Success"
_CHANGEABLE: Final = ("labels", "annotations")
_SAME: Final = (("name", "name"), ("namespace", "namespace"), ("uid", "UID"))


class ConversionError(Exception):
    """Why objects could not be converted, in upstream's words; `failure` is the metrics' word for it."""

    def __init__(self, text: str, failure: str) -> None:
        super().__init__(text)
        self.failure = failure


def build_review(objects: Sequence[Object], *, to: str, uid: str, versions: Sequence[str]) -> Object:
    """The question, in the first of the webhook's review `versions` that is known; `to`: an apiVersion.

    Raises ConversionError.
    """
    version = next((version for version in versions if version in REVIEW_VERSIONS), None)
    if version is None:
        raise ConversionError("no supported conversion review versions", CALL)
    return {
        "kind": KIND,
        "apiVersion": f"{GROUP}/{version}",
        "request": {"uid": uid, "desiredAPIVersion": to, "objects": list(objects)},
        "response": {"uid": "", "convertedObjects": None, "result": {"metadata": {}}},
    }


def read_answer(raw: bytes, review: Object) -> list[Any]:
    """The objects of an answer; what they are is not looked at yet. Raises ConversionError."""
    objects = review["request"]["objects"]
    failed = f"conversion webhook for {gvk_text(objects[0])} failed: "
    try:
        answer = json.parse(raw, find_duplicates=False).value
        api_version, kind = type_meta(answer)
    except Malformed as error:
        raise ConversionError(failed + str(error), CALL) from None
    strict = review["apiVersion"] == f"{GROUP}/v1"
    asked, got = (_gvk(review["apiVersion"], KIND), _gvk(api_version, kind))
    if not strict and not (kind or api_version):
        got = asked
    if got != asked:
        raise ConversionError(f"{failed}expected webhook response of {asked}, got {got}", MALFORMED)
    try:
        converted = _converted(answer, expected_uid=review["request"]["uid"] if strict else None)
    except _Unfit as error:
        raise ConversionError(failed + str(error), MALFORMED) from None
    if len(converted) != len(objects):
        raise ConversionError(
            f"conversion webhook for {gvk_text(objects[0])} returned {len(converted)} objects, expected {len(objects)}",
            PARTIAL,
        )
    return converted


class _Unfit(Exception):
    """Something of an answer is not as it must be."""


def _converted(answer: Object, *, expected_uid: str | None) -> list[Any]:
    """Raises _Unfit."""
    response = answer.get("response")
    if response is None:
        raise _Unfit("no response provided")
    if not isinstance(response, dict):
        raise _Unfit(f"json: cannot unmarshal {go_type(response)} into Go struct field ConversionReview.response")
    if expected_uid is not None and response.get("uid", "") != expected_uid:
        got = str(response.get("uid") or "")
        raise _Unfit(f'expected response.uid="{expected_uid}", got "{got}"')
    result = response.get("result")
    status, message = (result.get("status") or "", result.get("message")) if isinstance(result, dict) else ("", None)
    if status != _SUCCESS:
        raise _Unfit(str(message) if message else f"response.result.status was '{status}', not 'Success'")
    objects = response.get("convertedObjects")
    return objects if isinstance(objects, list) else []


def accept(original: Object, converted: Any, *, to: str, index: int = 0) -> Object:
    """The converted object with the metadata that it may have. Takes `converted` for its own; `original` stays.

    Raises ConversionError.
    """
    about = f"conversion webhook for {gvk_text(original)} returned invalid"
    try:
        api_version, kind = type_meta(converted)
        if not kind:
            raise Malformed(f"Object 'Kind' is missing in '{json.encode(converted).decode()}'")
    except Malformed as error:
        raise ConversionError(str(error), INVALID) from None
    if api_version != to:
        why = f"invalid groupVersion (expected {to}, received {api_version})"
        raise ConversionError(f"{about} object at index {index}: {why}", INVALID)
    if kind != original["kind"]:
        why = f"invalid kind (expected {original['kind']}, received {kind})"
        raise ConversionError(f"{about} object at index {index}: {why}", INVALID)
    made: Object = converted
    for name, word in _SAME:
        before, after = _meta_text(original, name), _meta_text(made, name)
        if before != after:
            raise ConversionError(f"{about} object: must have the same {word}: {before} != {after}", INVALID)
    try:
        made["metadata"] = _restored_metadata(original, made)
    except _Unfit as error:
        raise ConversionError(f"{about} metadata: {error}", INVALID) from None
    return made


def _restored_metadata(original: Object, converted: Object) -> Object:
    """The original's metadata with the labels and annotations of the converted object. Raises _Unfit."""
    if "metadata" not in converted:
        raise _Unfit("missing metadata in converted object")
    given = converted["metadata"]
    if not isinstance(given, dict):
        raise _Unfit(f"invalid metadata of type {go_type(given)} in converted object")
    metadata = dict(original.get("metadata") or {})
    for name in _CHANGEABLE:
        value = given.get(name)
        if value is None:
            metadata.pop(name, None)
            continue
        if not isinstance(value, dict):
            raise _Unfit(f"invalid metadata.{name} of type {go_type(value)} in converted object")
        for key, text in value.items():
            if not isinstance(text, str):
                raise _Unfit(f"metadata.{name}[{key}] must be a string, but is {go_type(text)} in converted object")
        if value != metadata.get(name):
            errors = (
                validate_labels(value, "metadata.labels")
                if name == "labels"
                else validate_annotations(value, "metadata.annotation")
            )
            if errors:
                raise _Unfit(Invalid.aggregate(errors))
        metadata[name] = value
    return metadata


def gvk_text(obj: Object) -> str:
    """As Go prints what an object is: `stable.example.com/v1, Kind=Thing`."""
    return _gvk(obj.get("apiVersion") or "", obj.get("kind") or "")


def _gvk(api_version: str, kind: str) -> str:
    group, _, version = api_version.rpartition("/")
    return f"{group}/{version}, Kind={kind}"


def _meta_text(obj: Object, name: str) -> str:
    metadata = obj.get("metadata")
    value = metadata.get(name) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""
