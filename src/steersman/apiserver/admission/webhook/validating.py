"""ValidatingAdmissionWebhook: servers of users judge the final object.

Reads: validatingwebhookconfigurations, namespaces. Judges: everything but configurations of admission and reviews.
Invariants: webhooks are asked all at once, and all have answered before the write goes on or is refused.
Upstream differences: audit annotations are not kept, as there is no audit log; without an evaluator of expressions,
webhooks with matchConditions follow their failurePolicy.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from steersman.api.admissionregistration.validating_webhook_configuration import VALIDATING_WEBHOOK_CONFIGURATIONS
from steersman.api.errors import ApiError
from steersman.apiserver.admission.webhook.plugin import WebhookPlugin
from steersman.apiserver.admission.webhook.versioned import Versioned

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.admission.webhook.source import Candidate


class ValidatingAdmissionWebhook(WebhookPlugin):
    """The plugin."""

    name = "ValidatingAdmissionWebhook"
    configurations = VALIDATING_WEBHOOK_CONFIGURATIONS
    step = "validating"

    def validate(self, review: Review) -> Awaitable[None] | None:
        candidates = self._source.candidates(review)
        return self._dispatch(review, candidates) if candidates else None

    async def _dispatch(self, review: Review, candidates: tuple[Candidate, ...]) -> None:
        forms = Versioned(self._resources, review)
        wanted = [
            (candidate, *await forms.in_version(candidate.served))
            for candidate in candidates
            if await self._matcher.wants(candidate, review, forms)
        ]
        refusals: list[ApiError] = []

        async def judge(candidate: Candidate, obj: Object | None, old: Object | None) -> None:
            try:
                await self._counted(candidate, review, self._ask(candidate, review, obj, old))
            except ApiError as refusal:
                refusals.append(refusal)

        if len(wanted) == 1:
            await judge(*wanted[0])
        elif wanted:
            # What is no ApiError waits, too: no question outlives the write that it is about.
            for outcome in await asyncio.gather(*(judge(*each) for each in wanted), return_exceptions=True):
                if outcome is not None:
                    raise outcome
        if refusals:
            raise refusals[0]  # of the one that answered first

    async def _ask(self, candidate: Candidate, review: Review, obj: Object | None, old: Object | None) -> bool:
        await self._answer(candidate, review, obj, old)
        return False
