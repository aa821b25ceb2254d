"""certificatesigningrequest_cleaner: requests that nobody needs any more are deleted.

An hour after a request was denied, has failed, or was approved and has its certificate; a day after it was made and
nobody decided, or was approved and nobody signed; at once when its certificate has ended.

Reads: certificate signing requests. Writes: certificate signing requests (delete).
Invariants: only the request that was looked at is deleted (by uid).
Upstream differences: acts when the time has come, not within an hour of it.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.errors import Conflict, NotFound
from steersman.api.meta.times import parse_time
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.certificate_rules import conditions_of, has_certificate
from steersman.lib.certificate import CertificateError, parse_certificate, parse_pem

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

DECIDED = timedelta(hours=1)
PENDING = timedelta(hours=24)


class CertificateSigningRequestCleaner(Controller):
    """See the module."""

    name = "certificatesigningrequest_cleaner"
    account = "certificate-controller"
    reads = (CERTIFICATE_SIGNING_REQUESTS,)
    writes = (Writes(CERTIFICATE_SIGNING_REQUESTS, ("delete",)),)
    workers = 1

    def setup(self) -> None:
        self.on(CERTIFICATE_SIGNING_REQUESTS)

    async def reconcile(self, key: Key) -> Requeue | None:
        request = self.view.get(CERTIFICATE_SIGNING_REQUESTS, key)
        due = due_at(request) if request is not None else None
        if request is None or due is None:
            return None
        remaining_s = (due - self.clock.now()).total_seconds()
        if remaining_s > 0:
            return Requeue(after_s=remaining_s)
        try:
            await self.client.delete(CERTIFICATE_SIGNING_REQUESTS, key, uid=request["metadata"]["uid"])
        except (NotFound, Conflict):
            return None
        return None


def due_at(request: Object) -> datetime | None:
    """When it is to be deleted; None while nothing says so."""
    conditions = conditions_of(request)
    if not conditions:
        return parse_time(request["metadata"]["creationTimestamp"]) + PENDING
    issued = has_certificate(request)
    times = []
    for condition in conditions:
        updated = condition.get("lastUpdateTime")
        if condition["type"] == "Approved" and issued and (end := _end_of(request["status"]["certificate"])):
            times.append(end)
        if updated and condition["type"] in ("Denied", "Failed"):
            times.append(parse_time(updated) + DECIDED)
        elif updated and condition["type"] == "Approved":
            times.append(parse_time(updated) + (DECIDED if issued else PENDING))
    return min(times, default=None)


def _end_of(certificate: str) -> datetime | None:
    try:
        return parse_certificate(parse_pem(b64decode(certificate).decode("ascii", "replace"))[0]).not_after
    except CertificateError:
        return None
