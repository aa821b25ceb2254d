"""What goes wrong on the way to another server, as clients are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.errors import ApiError, BadRequest, InternalError, go_quote

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_UNABLE: Final = "the server is currently unable to handle the request"
_TOO_LATE: Final = (
    "the server was unable to return a response in the time allotted, but may still be processing the request"
)
_TOO_MANY: Final = "the server has received too many requests and has asked us to try again later"
_ANSWERS: Final[dict[int, tuple[str, str]]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    409: ("Conflict", "the server reported a conflict"),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", _TOO_MANY),
    503: ("ServiceUnavailable", _UNABLE),
    504: ("Timeout", _TOO_LATE),
}
"""(reason, message) of what another server answered, by its status."""
_OWN_WORDS: Final = {403: "Forbidden", 406: "NotAcceptable", 415: "UnsupportedMediaType"}
"""Where the other server's words are the message."""


class Failure(ApiError):
    """Upstream answers errors that it has no Status for with 500 and their text, and no reason."""

    code, reason = 500, ""


class Answered(ApiError):
    """What another server answered, in place of what it was asked for."""

    def __init__(self, code: int, reason: str, message: str, details: Object) -> None:
        super().__init__(message, details=details)
        self.code = code
        self.reason = reason


def answered(status: int, text: str, *, resource: str, name: str) -> ApiError:
    """The error for an answer with `status` and the body `text` about `resource` ("pods/log") `name`, to be raised.

    The words are upstream's (NewGenericServerResponse, GenericHttpResponseChecker).
    """
    if status == InternalError.code:
        return InternalError.of(text)
    if status == BadRequest.code:
        return BadRequest(text)
    if status in _OWN_WORDS:
        reason, message = _OWN_WORDS[status], text
    elif status in _ANSWERS:
        reason, message = _ANSWERS[status]
    elif status > InternalError.code:
        reason = InternalError.reason
        message = f"an error on the server ({go_quote(text)}) has prevented the request from succeeding"
    else:
        reason = ""
        message = f"the server responded with the status code {status} but did not return more information"
    # The verb between bracket and blank is not known here, nor upstream.
    return Answered(status, reason, f"{message} ( {resource} {name})", {"name": name, "kind": resource})
