"""What goes wrong on the way to another server, as clients are told."""

from __future__ import annotations

from steersman.api.errors import ApiError


class Failure(ApiError):
    """Upstream answers errors that it has no Status for with 500 and their text, and no reason."""

    code, reason = 500, ""
