from __future__ import annotations

import asyncio

import pytest
from tests.unit.apiserver.admission.shelf import review

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import ApiError
from steersman.apiserver.options import DeleteOptions

from .hooks import allowed, denied, site, webhook

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
