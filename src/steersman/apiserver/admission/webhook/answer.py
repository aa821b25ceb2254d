"""Answers of webhooks: from a body to what it says, with upstream's words for everything that is wrong. Pure.

    JSON > AdmissionReview of the version that was asked in > Answer

Upstream's client reads any answer as leniently as its decoders do, then judges it strictly if it is v1; v1beta1 never
was judged. Members that are not known are ignored.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.api.errors import go_quote
from steersman.api.schema.builtin import schema
from steersman.api.schema.decode import DecodeError, decode
from steersman.apiserver.admission.webhook.admission_review import GROUP, KIND
from steersman.apiserver.codec import json
from steersman.apiserver.codec.malformed import Malformed, go_kind, type_meta

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

JSON_PATCH = "JSONPatch"
_STATUS = schema("io.k8s.apimachinery.pkg.apis.meta.v1.Status")
_SCHEME = 'scheme "k8s.io/apiserver/pkg/util/webhook/client.go:70"'


class UnusableAnswer(Exception):
    """The text is upstream's. `code`: the HTTP status that says it, if it was the webhook's."""

    def __init__(self, why: str, *, code: int = 503) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a webhook says."""

    allowed: bool
    result: Object | None
    """A Status: why it is not allowed."""
    warnings: tuple[str, ...] = ()
    patch: bytes = b""
    patch_type: str = ""


def read_review(raw: bytes) -> Object:
    """The AdmissionReview in a body, whatever version it says it is of. Raises UnusableAnswer."""
    try:
        value = json.parse(raw, find_duplicates=False).value
        api_version, kind = type_meta(value)
    except Malformed as error:
        why = str(error)
        if not why.startswith("couldn't get version/kind"):
            why = f"couldn't get version/kind; json parse error: {_plain(why)}"
        raise UnusableAnswer(why) from None
    review: Object = value if value is not None else {}
    if (api_version, kind) == ("v1", "Status"):
        if review.get("status") != "Success":
            raise UnusableAnswer(str(review.get("message") or "unknown"), code=_code(review))
    elif kind not in ("", KIND) or api_version not in ("", f"{GROUP}/v1", f"{GROUP}/v1beta1"):
        raise UnusableAnswer(f'no kind "{kind}" is registered for version "{api_version}" in {_SCHEME}')
    return review


def verified(review: Object, *, uid: str, version: str, mutating: bool) -> Answer:
    """The answer to the question `uid`, asked in `version`. Raises UnusableAnswer."""
    response = _member(review, "", "response", dict)
    if response is None:
        raise UnusableAnswer("webhook response was absent")
    found = _member(response, "response.", "uid", str) or ""
    allowed = bool(_member(response, "response.", "allowed", bool))
    result = _member(response, "response.", "status", dict)
    warnings = tuple(_member(response, "response.", "warnings", list) or ())
    for warning in warnings:
        _check(warning, "response.warnings", str)
    patch = _patch(_member(response, "response.", "patch", str) or "")
    patch_type = _member(response, "response.", "patchType", str)
    if version == "v1":
        _judge(review, uid, found)
        _judge_patch(patch, patch_type, mutating=mutating)
    elif patch:
        patch_type = JSON_PATCH
    return Answer(
        allowed=allowed,
        result=_status(result) if result is not None else None,
        warnings=warnings,
        patch=patch if mutating else b"",
        patch_type=patch_type or "",
    )


def operations(answer: Answer) -> list[Any]:
    """The patch of an answer that has one. Raises UnusableAnswer."""
    try:
        value = json.parse(answer.patch, find_duplicates=False).value
    except Malformed as error:
        raise UnusableAnswer(_plain(str(error))) from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnusableAnswer(f"json: cannot unmarshal {go_kind(value)} into Go value of type jsonpatch.Patch")
    return value


def _judge(review: Object, uid: str, found: str) -> None:
    if found != uid:
        raise UnusableAnswer(f"expected response.uid={go_quote(uid)}, got {go_quote(found)}")
    said = f"{review.get('apiVersion') or '/'}, Kind={review.get('kind') or ''}"
    wanted = f"{GROUP}/v1, Kind={KIND}"
    if said != wanted:
        raise UnusableAnswer(f"expected webhook response of {wanted}, got {said}")


def _judge_patch(patch: bytes, patch_type: str | None, *, mutating: bool) -> None:
    why = ""
    if not mutating:
        if patch:
            why = "validating webhook may not return response.patch"
        elif patch_type is not None:
            why = "validating webhook may not return response.patchType"
    elif patch and patch_type is None:
        why = "webhook returned response.patch but not response.patchType"
    elif not patch and patch_type is not None:
        why = "webhook returned response.patchType but not response.patch"
    elif patch_type == "":
        why = 'webhook returned invalid response.patchType of ""'
    if why:
        raise UnusableAnswer(why)


def _patch(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnusableAnswer("illegal base64 data in response.patch") from None


def _status(result: Object) -> Object:
    """Read as any Status is: what is unknown is gone, what is of a wrong type is refused."""
    try:
        return decode(_STATUS(), result).object
    except DecodeError as error:
        raise UnusableAnswer(str(error)) from None


def _member(holder: Object, path: str, name: str, form: type) -> Any:
    value = holder.get(name)
    if value is not None:
        _check(value, path + name, form)
    return value


def _check(value: Any, path: str, form: type) -> None:
    if not isinstance(value, form):
        wanted = {str: "string", bool: "bool", dict: "object", list: "[]string"}[form]
        raise UnusableAnswer(
            f"json: cannot unmarshal {go_kind(value)} into Go struct field {KIND}.{path} of type {wanted}"
        )


def _code(status: Object) -> int:
    code = status.get("code")
    return code if isinstance(code, int) else 500


def _plain(text: str) -> str:
    return text.rpartition("json parse error: ")[2]
