"""MutatingAdmissionWebhook: servers of users change objects on their way in.

Reads: mutatingwebhookconfigurations, namespaces. Changes: everything but configurations of admission and reviews.
Invariants: one webhook after the other, each sees what those before it made, decoded and defaulted again. When an
object was changed after a webhook with reinvocationPolicy IfNeeded saw it, by whatever plugin, that webhook sees it
once more; no webhook is asked for the first time in the second round.
Upstream differences: as ValidatingAdmissionWebhook; what a custom resource's schema does not know is taken away before
the next webhook sees it, not after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.admissionregistration.mutating_webhook_configuration import MUTATING_WEBHOOK_CONFIGURATIONS
from steersman.api.errors import InternalError, go_quote
from steersman.apiserver.admission.webhook.answer import JSON_PATCH, UnusableAnswer, operations
from steersman.apiserver.admission.webhook.errors import CallFailed, attempted_to_modify
from steersman.apiserver.admission.webhook.patched import patched
from steersman.apiserver.admission.webhook.plugin import WebhookPlugin
from steersman.apiserver.admission.webhook.versioned import Versioned

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.admission.webhook.source import Candidate


@dataclass(slots=True)
class _Rounds:
    """What is remembered of the first round."""

    asked: set[str] = field(default_factory=set)
    """Reinvocable webhooks (by uid) that saw the object as it now is, or nearly."""
    again: set[str] = field(default_factory=set)
    """Those after whom it was changed."""
    outcome: bytes = b""
    """The object as the round left it."""

    def changed(self) -> None:
        """Everybody who was asked missed something."""
        self.again |= self.asked
        self.asked.clear()


class MutatingAdmissionWebhook(WebhookPlugin):
    """The plugin."""

    name = "MutatingAdmissionWebhook"
    configurations = MUTATING_WEBHOOK_CONFIGURATIONS
    step = "admit"
    mutating = True

    def admit(self, review: Review) -> Awaitable[None] | None:
        candidates = self._source.candidates(review)
        return self._dispatch(review, candidates) if candidates else None

    async def _dispatch(self, review: Review, candidates: tuple[Candidate, ...]) -> None:
        rounds = review.memory
        if not isinstance(rounds, _Rounds):
            rounds = review.memory = _Rounds()
        elif rounds.outcome != _snapshot(review.obj):
            rounds.changed()  # by other plugins, between the rounds
        forms = Versioned(self._resources, review)
        for candidate in candidates:
            if not await self._matcher.wants(candidate, review, forms):
                continue
            hook = candidate.hook
            if review.again and hook.uid not in rounds.again:
                continue
            if await self._counted(candidate, review, self._ask(candidate, review, forms)):
                rounds.changed()
                review.ask_again = True
            # Afterwards: whoever made the change needs not be told of it.
            if hook.reinvocable:
                rounds.asked.add(hook.uid)
        await forms.bring_home()
        if review.ask_again:
            rounds.outcome = _snapshot(review.obj)

    async def _ask(self, candidate: Candidate, review: Review, forms: Versioned) -> bool:
        """Whether the webhook has changed the object."""
        hook, served = candidate.hook, candidate.served
        obj, old = await forms.in_version(served)
        answer = await self._answer(candidate, review, obj, old)
        if not answer.patch:
            return False
        try:
            patch = operations(answer)
        except UnusableAnswer as error:
            why = f"received undecodable patch in webhook response: {error}"
            raise CallFailed(hook.name, why) from None
        if not patch:
            return False
        if obj is None:
            raise attempted_to_modify(hook.name)
        if answer.patch_type != JSON_PATCH:
            raise CallFailed(hook.name, f"unsupported patch type {go_quote(answer.patch_type)}", code=400)
        try:
            made, changed = patched(obj, patch, served.resource, review.now)
        except ValueError as error:
            raise InternalError.of(str(error)) from None
        review.mutated = True
        forms.replace(made)
        return changed


def _snapshot(obj: Any) -> bytes:
    return orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)
