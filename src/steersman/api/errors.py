"""Everything the API refuses, and why.

    ApiError                     one subclass per Status reason; carries the whole metav1.Status
    +-- BadRequest 400           +-- RequestEntityTooLarge 413
    +-- Unauthorized 401         +-- UnsupportedMediaType 415
    +-- Forbidden 403            +-- Invalid 422
    +-- NotFound 404             +-- TooManyRequests 429
    +-- MethodNotAllowed 405     +-- InternalError 500
    +-- NotAcceptable 406        +-- ServiceUnavailable 503
    +-- AlreadyExists 409        +-- ServerTimeout 500, Timeout 504
    +-- Conflict 409
    +-- Gone 410, Expired 410

FieldError is no exception: validation returns lists of it, and `Invalid` carries them as causes. Wording follows
upstream where
clients match on it (apimachinery: pkg/api/errors, pkg/util/validation/field). HTTP is made of these in one place
(apiserver).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object


class FieldReason(StrEnum):
    """Cause reasons of metav1.StatusCause; the value is the wire form."""

    NOT_FOUND = "FieldValueNotFound"
    REQUIRED = "FieldValueRequired"
    DUPLICATE = "FieldValueDuplicate"
    INVALID = "FieldValueInvalid"
    NOT_SUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    TOO_FEW = "FieldValueTooFew"
    TOO_SHORT = "FieldValueTooShort"
    INTERNAL = "InternalError"
    TYPE_INVALID = "FieldValueTypeInvalid"


_WORDS = {
    FieldReason.NOT_FOUND: "Not found",
    FieldReason.REQUIRED: "Required value",
    FieldReason.DUPLICATE: "Duplicate value",
    FieldReason.INVALID: "Invalid value",
    FieldReason.NOT_SUPPORTED: "Unsupported value",
    FieldReason.FORBIDDEN: "Forbidden",
    FieldReason.TOO_LONG: "Too long",
    FieldReason.TOO_MANY: "Too many",
    FieldReason.TOO_FEW: "Too few",
    FieldReason.TOO_SHORT: "Too short",
    FieldReason.INTERNAL: "Internal error",
    FieldReason.TYPE_INVALID: "Invalid value",
}
_WITHOUT_VALUE = frozenset(
    {FieldReason.REQUIRED, FieldReason.FORBIDDEN, FieldReason.TOO_LONG, FieldReason.TOO_SHORT, FieldReason.INTERNAL}
)
OMIT: Any = object()
NULL: Any = object()
"""Shown as null whatever the request gave; None is shown as the empty value that it gave, if it did."""
"""As a FieldError's value: say nothing about the value."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `field` is upstream's path: `spec.containers[0].ports[1].name`,
    `metadata.labels[a/b]`.
    """

    reason: FieldReason
    field: str
    value: Any = OMIT
    detail: str = ""

    def body(self) -> str:
        """The message without the path, as in a Status cause."""
        text = _WORDS[self.reason]
        if self.reason not in _WITHOUT_VALUE and self.value is not OMIT:
            text = f"{text}: {go_value(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.body()}"


def go_value(value: Any) -> str:
    """A value as upstream's messages print it: strings quoted as Go does, floats as short as they read back, composites
    as Go's JSON (compact, and safe inside HTML). Members keep the order in which they are given.
    """
    if isinstance(value, str):
        return go_quote(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    if value is None or value is NULL:
        return "null"
    return go_html_safe(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def go_html_safe(text: str) -> str:
    """JSON text as Go's encoder escapes it."""
    for char, escaped in _HTML_UNSAFE:
        if char in text:
            text = text.replace(char, escaped)
    return text


_HTML_UNSAFE = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)
"""Go's JSON encoder escapes these."""


def go_float(value: float) -> str:
    """Go's %v: the shortest digits that read back, an exponent from 1e+21 on and below 1e-4."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - the test for NaN
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(value), "NaN")
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


_GO_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def go_quote(text: str) -> str:
    """Go's %q for text."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for char in text:
        code = ord(char)
        if char in _GO_ESCAPES:
            out.append(_GO_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        elif code < 0x10000:
            out.append(f"\\u{code:04x}")
        else:
            out.append(f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


def required(path: str, detail: str = "") -> FieldError:
    return FieldError(FieldReason.REQUIRED, path, OMIT, detail)


def invalid(path: str, value: Any, detail: str = "") -> FieldError:
    return FieldError(FieldReason.INVALID, path, value, detail)


def type_invalid(path: str, value: Any, detail: str = "") -> FieldError:
    return FieldError(FieldReason.TYPE_INVALID, path, value, detail)


def duplicate(path: str, value: Any) -> FieldError:
    return FieldError(FieldReason.DUPLICATE, path, value)


def not_found(path: str, value: Any) -> FieldError:
    return FieldError(FieldReason.NOT_FOUND, path, value)


def forbidden(path: str, detail: str = "") -> FieldError:
    return FieldError(FieldReason.FORBIDDEN, path, OMIT, detail)


def not_supported(path: str, value: Any, supported: Iterable[str]) -> FieldError:
    """`supported` is listed quoted and in the order given (upstream sorts sets of strings: sort before)."""
    names = ", ".join(go_quote(str(name)) for name in supported)
    return FieldError(FieldReason.NOT_SUPPORTED, path, value, f"supported values: {names}" if names else "")


def too_long(path: str, limit: int) -> FieldError:
    """`limit` in bytes; a negative one is not told."""
    return FieldError(FieldReason.TOO_LONG, path, OMIT, _at_most(limit, "byte"))


def too_long_characters(path: str, limit: int) -> FieldError:
    """`limit` in characters; a negative one is not told."""
    return FieldError(FieldReason.TOO_LONG, path, OMIT, _at_most(limit, "character"))


def too_short(path: str, least: int) -> FieldError:
    """`least` in characters; a negative one is not told."""
    detail = f"must be at least {least} {_plural(least, 'character')}" if least >= 0 else "value is too short"
    return FieldError(FieldReason.TOO_SHORT, path, OMIT, detail)


def too_many(path: str, count: int, limit: int) -> FieldError:
    """A negative count or limit is not told."""
    detail = f"must have at most {limit} {_plural(limit, 'item')}" if limit >= 0 else "has too many items"
    return FieldError(FieldReason.TOO_MANY, path, count if count >= 0 else OMIT, detail)


def too_few(path: str, count: int, least: int) -> FieldError:
    detail = f"must have at least {least} {_plural(least, 'item')}" if least >= 0 else "has too few items"
    return FieldError(FieldReason.TOO_FEW, path, count, detail)


def _at_most(limit: int, unit: str) -> str:
    return f"may not be more than {limit} {_plural(limit, unit)}" if limit >= 0 else "value is too long"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def internal(path: str, detail: str) -> FieldError:
    return FieldError(FieldReason.INTERNAL, path, OMIT, detail)


def child(path: str, name: str) -> str:
    """`spec` + `replicas` -> `spec.replicas`; an empty path is the root."""
    return f"{path}.{name}" if path else name


class ApiError(Exception):
    """A request refused: HTTP `code`, Status `reason`, and `details` as metav1.StatusDetails."""

    code = 500
    reason = "InternalError"

    def __init__(
        self, message: str, *, details: Object | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.headers = headers
        self.list_meta: Object = {}
        """metadata of the Status: a continue token with which an expired list may go on."""

    def status(self) -> Object:
        """The metav1.Status object."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.list_meta,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def _details(
    group: str, kind: str, name: str, causes: Sequence[Object] = (), retry_after_s: int = 0, uid: str = ""
) -> Object:
    details: Object = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    if uid:
        details["uid"] = uid
    if causes:
        details["causes"] = list(causes)
    if retry_after_s:
        details["retryAfterSeconds"] = retry_after_s
    return details


def qualified(group: str, resource: str) -> str:
    """`deployments.apps`, `pods`: how messages name a resource (or a kind)."""
    return f"{resource}.{group}" if group else resource


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"

    def __init__(self, message: str = "Unauthorized") -> None:
        super().__init__(message)


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"

    @classmethod
    def of(cls, group: str, resource: str, name: str, why: str, *, causes: Sequence[Object] = ()) -> Forbidden:
        subject = qualified(group, resource)
        message = f"{subject} {go_quote(name)} is forbidden: {why}" if name else f"{subject} is forbidden: {why}"
        if not resource:
            message = f"forbidden: {why}"
        return cls(message, details=_details(group, resource, name, causes))


class NotFound(ApiError):
    code, reason = 404, "NotFound"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> NotFound:
        return cls(f"{qualified(group, resource)} {go_quote(name)} not found", details=_details(group, resource, name))


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> AlreadyExists:
        return cls(
            f"{qualified(group, resource)} {go_quote(name)} already exists", details=_details(group, resource, name)
        )


class Conflict(ApiError):
    code, reason = 409, "Conflict"

    @classmethod
    def of(cls, group: str, resource: str, name: str, why: str) -> Conflict:
        message = f"Operation cannot be fulfilled on {qualified(group, resource)} {go_quote(name)}: {why}"
        return cls(message, details=_details(group, resource, name))


class Gone(ApiError):
    code, reason = 410, "Gone"


class Expired(ApiError):
    code, reason = 410, "Expired"


class RequestEntityTooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    code, reason = 422, "Invalid"

    @classmethod
    def of(cls, group: str, kind: str, name: str, errors: Sequence[FieldError]) -> Invalid:
        """Named by kind, unlike the others. Equal errors are told once."""
        errors = list({str(e): e for e in errors}.values())
        causes = [{"reason": str(e.reason), "message": e.body(), "field": e.field} for e in errors]
        text = f": {cls.aggregate(errors)}" if errors else ""
        return cls(
            f"{qualified(group, kind)} {go_quote(name)} is invalid{text}",
            details=_details(group, kind, name, causes),
        )

    @staticmethod
    def aggregate(errors: Sequence[FieldError]) -> str:
        """The one message, or all in brackets. Equal ones are said once."""
        texts = list(dict.fromkeys(str(e) for e in errors))
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class InternalError(ApiError):
    code, reason = 500, "InternalError"

    @classmethod
    def of(cls, why: str) -> InternalError:
        return cls(f"Internal error occurred: {why}", details={"causes": [{"message": why}]})


class ServerTimeout(ApiError):
    code, reason = 500, "ServerTimeout"


class ServiceUnavailable(ApiError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(ApiError):
    code, reason = 504, "Timeout"
