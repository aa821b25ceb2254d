"""WebhookPlugin: what both plugins share: whom to ask, asking, and counting what came of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steersman.api.errors import ApiError
from steersman.apiserver.admission.interface import Plain
from steersman.apiserver.admission.webhook.admission_review import admission_request, admission_review
from steersman.apiserver.admission.webhook.answer import UnusableAnswer, read_review, verified
from steersman.apiserver.admission.webhook.errors import CallFailed, Denied, dry_run_unsupported
from steersman.apiserver.admission.webhook.matcher import Matcher
from steersman.apiserver.admission.webhook.metrics import CALL_FAILED, INTERNAL, NONE
from steersman.apiserver.admission.webhook.source import HookSource
from steersman.apiserver.outbound.hook_client import HookFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader, Review
    from steersman.apiserver.admission.webhook.answer import Answer
    from steersman.apiserver.admission.webhook.hooks import Hook
    from steersman.apiserver.admission.webhook.match_conditions import MatchConditions
    from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
    from steersman.apiserver.admission.webhook.source import Candidate
    from steersman.apiserver.outbound.hook_client import HookClient
    from steersman.apiserver.resources import ResourceTable

_LOG: Final = logging.getLogger(__name__)
_NO_VERSION = "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookParts:
    """What both plugins are made of."""

    reader: Reader
    resources: ResourceTable
    client: HookClient
    conditions: MatchConditions
    metrics: WebhookMetrics
    new_uid: Callable[[], str]


class WebhookPlugin(Plain):
    """Base of both plugins."""

    configurations: Resource
    """Where its webhooks are listed."""
    step = ""
    """Its name in metrics."""
    mutating = False

    def __init__(self, *, parts: WebhookParts) -> None:
        self._resources = parts.resources
        self._client = parts.client
        self._metrics = parts.metrics
        self._new_uid = parts.new_uid
        self._source = HookSource(reader=parts.reader, resources=parts.resources, configurations=self.configurations)
        self._matcher = Matcher(reader=parts.reader, conditions=parts.conditions, metrics=parts.metrics, step=self.step)

    async def _answer(self, candidate: Candidate, review: Review, obj: Object | None, old: Object | None) -> Answer:
        """The objects are in the version that the webhook asks for.

        Raises CallFailed, Denied, BadRequest (a dry run that it cannot take part in).
        """
        hook = candidate.hook
        if review.dry_run and not hook.takes_dry_runs:
            raise dry_run_unsupported(hook.name)
        if not hook.review_version:
            raise CallFailed(hook.name, _NO_VERSION, code=400)
        request = admission_request(review, candidate.served, obj, old, uid=self._new_uid())
        answer = await self._asked(hook, request)
        review.warnings += answer.warnings
        if not answer.allowed:
            raise Denied(hook.name, answer.result)
        return answer

    async def _asked(self, hook: Hook, request: Object) -> Answer:
        document = admission_review(hook.review_version, request)
        try:
            raw = await self._client.post(hook.client, document, timeout_s=hook.timeout_s)
            review = read_review(raw)
        except HookFailed as failure:
            raise CallFailed(hook.name, f"failed to call webhook: {failure}", code=failure.code or 503) from failure
        except UnusableAnswer as why:
            raise CallFailed(hook.name, f"failed to call webhook: {why}", code=why.code) from None
        try:
            return verified(review, uid=request["uid"], version=hook.review_version, mutating=self.mutating)
        except UnusableAnswer as why:
            raise CallFailed(hook.name, f"received invalid webhook response: {why}") from None

    async def _counted(self, candidate: Candidate, review: Review, asking: Awaitable[bool]) -> bool:
        """What `asking` answers; False if it fails and that is to be ignored. Raises ApiError."""
        hook, metrics = candidate.hook, self._metrics
        started = metrics.timer()
        code, kind = 200, NONE
        refusal: ApiError | None = None
        changed = False
        try:
            changed = await asking
        except CallFailed as failure:
            code = failure.code
            if not hook.ignores_failure:
                refusal, kind = failure.refusal(), CALL_FAILED
                _LOG.warning("%s; the write is refused", failure)
            else:
                metrics.failed_open(hook.name, self.step)
                _LOG.warning("%s; ignored", failure)
        except Denied as denial:
            code, refusal = denial.code, denial
        except ApiError as error:
            code, refusal, kind = 0, error, INTERNAL
        rejected = refusal is not None
        seconds = metrics.timer() - started
        metrics.asked(hook.name, self.step, review.operation, seconds=seconds, code=code, rejected=rejected)
        if refusal is not None:
            metrics.rejected(hook.name, self.step, review.operation, kind, code)
            raise refusal
        return changed
