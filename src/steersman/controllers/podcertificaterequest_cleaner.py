"""podcertificaterequest_cleaner: PodCertificateRequests are deleted 15 minutes after they were made.

Every use of one is over by then; so is whatever went wrong with it.

Reads: pod certificate requests. Writes: pod certificate requests (delete).
Invariants: only the request that was looked at is deleted (by uid).
Upstream differences: acts when the time has come, not within five minutes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.pod_certificate_request import POD_CERTIFICATE_REQUESTS
from steersman.api.errors import NotFound
from steersman.api.meta.times import parse_time
from steersman.controllers.base import Controller, Requeue, Writes

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

KEPT_S = 15 * 60.0


class PodCertificateRequestCleaner(Controller):
    """See the module."""

    name = "podcertificaterequest_cleaner"
    account = "podcertificaterequestcleaner"
    reads = (POD_CERTIFICATE_REQUESTS,)
    writes = (Writes(POD_CERTIFICATE_REQUESTS, ("delete",)),)
    workers = 1

    def setup(self) -> None:
        self.on(POD_CERTIFICATE_REQUESTS)

    async def reconcile(self, key: Key) -> Requeue | None:
        request = self.view.get(POD_CERTIFICATE_REQUESTS, key)
        if request is None:
            return None
        remaining_s = due_in_s(request, now=self.clock.now())
        if remaining_s > 0:
            return Requeue(after_s=remaining_s)
        try:
            await self.client.delete(POD_CERTIFICATE_REQUESTS, key, uid=request["metadata"]["uid"])
        except NotFound:
            return None
        return None


def due_in_s(request: Object, *, now: datetime) -> float:
    """In how many seconds it is to be deleted; 0 or less if it should have been."""
    return KEPT_S - (now - parse_time(request["metadata"]["creationTimestamp"])).total_seconds()
