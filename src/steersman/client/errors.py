"""What goes wrong between a component and the API.

ApiError (steersman.api.errors)   the API refused; one class per Status reason
TransportError                    there is no answer, or none that can be read
+-- Unreachable                   nobody took the request: it has surely not been carried out
+-- Interrupted                   the connection ended, or time did, after the request was sent: nobody knows
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api import errors as api

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


class TransportError(Exception):
    """See the tree above; the message says whom and why."""


class Unreachable(TransportError):
    """Refused, no route, no such name, TLS that failed."""


class Interrupted(TransportError):
    """Reset, ended early, timed out."""


_BY_REASON: dict[str, type[api.ApiError]] = {
    kind.reason: kind
    for kind in (
        api.BadRequest,
        api.Unauthorized,
        api.Forbidden,
        api.NotFound,
        api.MethodNotAllowed,
        api.NotAcceptable,
        api.AlreadyExists,
        api.Conflict,
        api.Gone,
        api.Expired,
        api.RequestEntityTooLarge,
        api.UnsupportedMediaType,
        api.Invalid,
        api.TooManyRequests,
        api.InternalError,
        api.ServerTimeout,
        api.ServiceUnavailable,
        api.Timeout,
    )
}
_BY_CODE: dict[int, type[api.ApiError]] = {
    400: api.BadRequest,
    401: api.Unauthorized,
    403: api.Forbidden,
    404: api.NotFound,
    405: api.MethodNotAllowed,
    406: api.NotAcceptable,
    409: api.Conflict,
    410: api.Gone,
    413: api.RequestEntityTooLarge,
    415: api.UnsupportedMediaType,
    422: api.Invalid,
    429: api.TooManyRequests,
    503: api.ServiceUnavailable,
    504: api.Timeout,
}
"""For answers that are no Status: of a proxy in between, or in plain text."""


def refusal(code: int, body: Any, retry_after_s: int | None = None) -> api.ApiError:
    """The error that an answer of at least 400 stands for. `body`: decoded JSON, or text."""
    status: Object = body if isinstance(body, dict) and body.get("kind") == "Status" else {}
    reason = status.get("reason", "")
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, api.ApiError)
    message = status.get("message") or (body if isinstance(body, str) and body else f"the server answered {code}")
    details: Object | None = status.get("details")
    if retry_after_s is not None:
        details = {"retryAfterSeconds": retry_after_s, **(details or {})}
    error = api.Unauthorized(message) if kind is api.Unauthorized else kind(message)
    error.details = details
    error.code = status.get("code") or code
    if status:
        error.reason = reason  # also one that we have no class for
    error.list_meta = status.get("metadata") or {}
    return error


def retry_after_s(error: api.ApiError) -> int | None:
    """How long the server asks to wait before the same request is tried again; None if it does not."""
    seconds = (error.details or {}).get("retryAfterSeconds")
    return seconds if isinstance(seconds, int) and seconds > 0 else None


def is_cause(error: api.ApiError, reason: str) -> bool:
    """Whether a Status names `reason` as one of its causes."""
    return any(cause.get("reason") == reason for cause in (error.details or {}).get("causes") or ())
