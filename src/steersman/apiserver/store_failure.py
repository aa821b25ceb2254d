"""What a client is told when the store fails, in one place. Upstream's translation is in apiserver: storage/errors.

What failed, and what is answered:

StoreUnavailable, reading   500 ServerTimeout with Retry-After: asking again does no harm
StoreUnavailable, writing   504 Timeout without it: the write may have happened, so nobody should repeat it blindly
anything else               500 InternalError in the store's words, which say what would mend it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, InternalError, ServerTimeout, Timeout, qualified
from steersman.store.interface import StoreError, StoreUnavailable

if TYPE_CHECKING:
    from steersman.apiserver.requestinfo import RequestInfo

RETRY_S = 2
_READS = ("get", "list", "watch")


def explain(error: StoreError, info: RequestInfo | None) -> ApiError:
    """`info`: what was asked for, as far as it was understood."""
    if not isinstance(error, StoreUnavailable):
        return InternalError.of(str(error))
    verb = info.verb if info is not None else "get"
    if verb not in _READS:
        return Timeout(
            "Timeout: request did not complete within requested timeout - the store does not answer, "
            "and whether the change was made is not known",
            details={},
        )
    group, resource = (info.group, info.resource) if info is not None else ("", "")
    details = {"name": verb} | ({"group": group} if group else {}) | ({"kind": resource} if resource else {})
    return ServerTimeout(
        f"The {verb} operation against {qualified(group, resource)} could not be completed at this time, "
        "please try again.",
        details=details | {"retryAfterSeconds": RETRY_S},
        headers=(("Retry-After", str(RETRY_S)),),
    )
