"""Old requests for certificates of pods."""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.controllers.podcertificaterequest_cleaner import due_in_s


def test_a_request_is_kept_for_a_quarter_of_an_hour():
    request = {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}
    assert due_in_s(request, now=datetime(2026, 1, 1, 0, 5, tzinfo=UTC)) == 600
    assert due_in_s(request, now=datetime(2026, 1, 1, 0, 15, tzinfo=UTC)) == 0
