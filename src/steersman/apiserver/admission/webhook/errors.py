"""Why a webhook did not say yes.

    CallFailed    it could not be asked, or its answer is none: `failurePolicy` decides what that means
    Denied        it said no: an ApiError, with the Status that it gave

A dry run that a webhook cannot take part in is a BadRequest. Wording is upstream's, which clients match on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, BadRequest, InternalError, go_quote

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_CODE_MAX = 999
"""What fits into a status line."""


class CallFailed(Exception):
    """`code` is what metrics show: of the webhook's server if it answered, else of the failure."""

    def __init__(self, webhook: str, why: str, *, code: int = 503) -> None:
        super().__init__(f"failed calling webhook {go_quote(webhook)}: {why}")
        self.code = code

    def refusal(self) -> InternalError:
        """The write is refused because of it."""
        return InternalError.of(str(self))


class Denied(ApiError):
    """A webhook refused the write."""

    def __init__(self, webhook: str, result: Object | None) -> None:
        result = result or {}
        self._result = result
        denied_by = f"admission webhook {go_quote(webhook)} denied the request"
        why = result.get("message") or result.get("reason")
        super().__init__(
            f"{denied_by}: {why}" if why else f"{denied_by} without explanation", details=result.get("details")
        )
        code = result.get("code") or 0
        self.code = code if 400 <= code <= _CODE_MAX else 400 if code < 400 else 500
        self.reason = result.get("reason") or ""
        self.list_meta = result.get("metadata") or {}

    def status(self) -> Object:
        """With the webhook's own word for the outcome, unless it is none or says success."""
        status = super().status()
        word = self._result.get("status")
        if word and word != "Success":
            status["status"] = word
        return status


def dry_run_unsupported(webhook: str) -> BadRequest:
    """It has side effects that a dry run would cause."""
    return BadRequest(f"admission webhook {go_quote(webhook)} does not support dry run")


def attempted_to_modify(webhook: str) -> InternalError:
    """A patch where there is nothing to be changed, as in a deletion."""
    return InternalError.of(
        f"admission webhook {go_quote(webhook)} attempted to modify the object, which is not supported for this "
        "operation"
    )
