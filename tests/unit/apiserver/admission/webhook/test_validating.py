from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.unit.apiserver.admission.shelf import review

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import ApiError, BadRequest
from steersman.apiserver.options import DeleteOptions

from .hooks import allowed, denied, site, unreachable, webhook

MAP = {"metadata": {"name": "m"}}


async def test_the_final_object_is_judged_in_the_end():
    async with site() as made:
        await made.validates(webhook(timeoutSeconds=3))
        written = await made.create(CONFIG_MAPS, {"metadata": {"generateName": "m-"}})
        [(_, request, timeout_s)] = made.answers.requests
        assert timeout_s == 3
        assert request["name"] == request["object"]["metadata"]["name"] == written["metadata"]["name"]
        assert request["object"]["metadata"]["uid"]


async def test_all_are_asked_at_once_and_all_have_answered_before_a_refusal():
    async with site() as made:
        await made.validates(webhook("a.example.com"), webhook("b.example.com"), webhook("c.example.com"))
        waiting = asyncio.Event()
        order = []
        post = made.answers.post

        async def in_turn(config, document, *, timeout_s):
            order.append(f"ask {config['url']}")
            if "a.example" in config["url"]:
                await waiting.wait()
            else:
                waiting.set()
            answer = await post(config, document, timeout_s=timeout_s)
            order.append(f"answer {config['url']}")
            return answer

        made.answers.post = in_turn
        made.answers.by_name = {"a.example.com": denied(message="slow"), "b.example.com": denied(message="quick")}
        with pytest.raises(ApiError, match=r'admission webhook "b\.example\.com" denied the request: quick'):
            await made.create(CONFIG_MAPS, MAP)
        assert order[:2] == ["ask https://a.example.com/", "ask https://b.example.com/"]
        assert order[-1] == "answer https://a.example.com/"


async def test_warnings_reach_the_client_from_all():
    async with site() as made:
        await made.validates(webhook("a.example.com"), webhook("b.example.com"))
        made.answers.by_name = {"a.example.com": allowed(warnings=["x", "y"]), "b.example.com": allowed(warnings=["z"])}
        asked = review(CONFIG_MAPS, MAP | {"kind": "ConfigMap", "apiVersion": "v1"})
        await made.validating.validate(asked)
        assert sorted(asked.warnings) == ["x", "y", "z"]


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


async def test_a_deletion_shows_what_was_there():
    async with site() as made:
        await made.create(CONFIG_MAPS, MAP | {"data": {"a": "b"}})
        await made.validates(webhook())
        write = made.core.write(CONFIG_MAPS, "m")
        write.options = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}
        await made.pipeline.delete(write, DeleteOptions())
        [(_, request, _)] = made.answers.requests
        assert (request["operation"], request["object"]) == ("DELETE", None)
        assert (request["oldObject"]["kind"], request["oldObject"]["data"]) == ("ConfigMap", {"a": "b"})
        assert request["options"]["kind"] == "DeleteOptions"
