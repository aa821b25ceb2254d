"""Why a patch was refused.

    PatchError
    +-- MalformedPatch      400   the body is not a patch, or speaks of another kind
    +-- RejectedPatch       422   a JSON patch operation failed; the client is told nothing more
    +-- TooLargePatch       413   too many operations
    +-- FailedPatch         500   strategic merge or typed merge found no meaning; no reason is given
    +-- ApplyConflict       409   other managers own what is being applied; one cause per field

`to_api_error` is the one place where these become answers. Wording follows upstream, which clients match on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, BadRequest, Conflict, Invalid, RequestEntityTooLarge

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


class PatchError(Exception):
    """A patch refused. `str()` is the whole message."""


class MalformedPatch(PatchError):
    """The body is no patch of the kind that its Content-Type names."""


class RejectedPatch(PatchError):
    """A JSON patch operation that could not be done. The message is for logs."""


class TooLargePatch(PatchError):
    """More operations than one patch may have."""


class FailedPatch(PatchError):
    """The patch is well formed, but does not fit the object's schema."""


class ApplyConflict(PatchError):
    """Fields with other owners. `causes` as in metav1.StatusDetails."""

    def __init__(self, message: str, causes: list[Object]) -> None:
        super().__init__(message)
        self.causes = causes


class _Unexplained(ApiError):
    """Upstream's answer to an error that it has no reason for."""

    code, reason = 500, ""


def to_api_error(error: PatchError) -> ApiError:
    """The answer to a refused patch."""
    match error:
        case ApplyConflict():
            return Conflict(str(error), details={"causes": error.causes})
        case MalformedPatch():
            return BadRequest(str(error))
        case RejectedPatch():
            return Invalid("the server rejected our request due to an error in our request", details={})
        case TooLargePatch():
            return RequestEntityTooLarge(f"Request entity too large: {error}")
        case _:
            return _Unexplained(str(error))
