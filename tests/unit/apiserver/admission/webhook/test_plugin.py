from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.apiserver.admission.shelf import review

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import ApiError, BadRequest

from .hooks import site, unreachable, webhook

MAP = {"metadata": {"name": "m"}}


async def test_a_dry_run_is_not_shown_to_who_has_side_effects():
    async with site() as made:
        await made.validates(webhook(sideEffects="NoneOnDryRun"))
        await made.create(CONFIG_MAPS, MAP, dry_run=True)
        assert made.answers.requests[0][1]["dryRun"] is True
        some = review(CONFIG_MAPS, dict(MAP), dry_run=True)
        [candidate] = made.validating._source.candidates(some)
        stale = candidate._replace(hook=_with_side_effects(candidate.hook))
        with pytest.raises(BadRequest, match=r'admission webhook "w\.example\.com" does not support dry run'):
            await made.validating._dispatch(some, (stale,))
        assert 'error_type="apiserver_internal_error",rejection_code="0"' in made.metrics()


def _with_side_effects(hook):
    """As older configurations may still have them."""
    return replace(hook, takes_dry_runs=False, ignores_failure=True)


async def test_who_speaks_no_version_that_we_know_has_failed():
    async with site() as made:
        await made.validates(webhook(admissionReviewVersions=["v1beta1"]))
        await made.create(CONFIG_MAPS, MAP)
        asked = review(CONFIG_MAPS, dict(MAP))
        [candidate] = made.validating._source.candidates(asked)
        stranger = candidate._replace(hook=replace(candidate.hook, review_version=""))
        with pytest.raises(ApiError, match="webhook does not accept known AdmissionReview versions"):
            await made.validating._dispatch(asked, (stranger,))


async def test_failures_follow_the_policy_and_are_counted():
    async with site() as made:
        await made.validates(webhook("a.example.com"), webhook("b.example.com", failurePolicy="Ignore"))
        made.answers.by_name = dict.fromkeys(("a.example.com", "b.example.com"), unreachable(code=502))
        with pytest.raises(ApiError) as refused:
            await made.create(CONFIG_MAPS, MAP)
        assert refused.value.reason == "InternalError"
        text = made.metrics()
        labels = 'name="a.example.com",type="validating",operation="CREATE"'
        for line in (
            f'rejection_count{{{labels},error_type="calling_webhook_error",rejection_code="502"}} 1',
            f'webhook_request_total{{{labels},code="502",rejected="true"}} 1',
            'fail_open_count{name="b.example.com",type="validating"} 1',
        ):
            assert line in text
