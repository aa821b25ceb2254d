from __future__ import annotations

import base64

import pytest
from tests.unit.apiserver.admission.shelf import review

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import ApiError
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.interface import Plain

from .hooks import ANY, adds, allowed, denied, patches, site, unreachable, webhook


def config_map(**data):
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "m", "namespace": "ns"}, "data": data}


async def admitted(made, asked, *before):
    await Chain(mutating=(*before, made.mutating), validating=()).admit(asked)
    return asked.obj


async def test_nobody_is_asked_and_nothing_is_awaited_without_webhooks():
    async with site() as made:
        assert made.mutating.admit(review(CONFIG_MAPS, config_map())) is None
        assert made.validating.validate(review(CONFIG_MAPS, config_map())) is None


async def test_each_webhook_sees_what_those_before_it_made():
    async with site() as made:
        await made.mutates(webhook("b.example.com"), webhook("a.example.com"))
        made.answers.by_name = {"b.example.com": adds("/data/one", "1"), "a.example.com": adds("/data/two", "2")}
        obj = await admitted(made, review(CONFIG_MAPS, config_map(a="b")))
        assert obj["data"] == {"a": "b", "one": "1", "two": "2"}
        seen = [(name, request["object"]["data"]) for name, request, _ in made.answers.requests]
        assert seen == [("b.example.com", {"a": "b"}), ("a.example.com", {"a": "b", "one": "1"})]


async def test_selectors_look_at_what_earlier_webhooks_made():
    async with site() as made:
        red = {"matchLabels": {"color": "red"}}
        await made.mutates(webhook("a.example.com"), webhook("b.example.com", objectSelector=red))
        await admitted(made, review(CONFIG_MAPS, config_map()))
        assert made.answers.names == ["a.example.com"]
        made.answers.by_name["a.example.com"] = adds("/metadata/labels", {"color": "red"})
        await admitted(made, review(CONFIG_MAPS, config_map()))
        assert made.answers.names[1:] == ["a.example.com", "b.example.com"]


async def test_who_missed_a_change_and_wants_to_know_is_asked_once_more():
    async with site() as made:
        await made.mutates(
            webhook("a.example.com", reinvocationPolicy="IfNeeded"),
            webhook("b.example.com", reinvocationPolicy="Never"),
            webhook("c.example.com", reinvocationPolicy="IfNeeded"),
            webhook("d.example.com"),
        )
        made.answers.by_name["c.example.com"] = adds("/data/x", "y")
        await admitted(made, review(CONFIG_MAPS, config_map()))
        assert made.answers.names == [f"{name}.example.com" for name in "abcd"] + ["a.example.com"]


async def test_a_change_by_other_plugins_in_the_second_round_is_told_to_all_who_want_to_know():
    class Counting(Plain):
        rounds = 0

        def admit(self, review):
            self.rounds += 1
            review.obj["data"]["rounds"] = str(self.rounds)

    async with site() as made:
        await made.mutates(
            webhook("a.example.com", reinvocationPolicy="IfNeeded"),
            webhook("b.example.com", reinvocationPolicy="IfNeeded"),
        )
        made.answers.by_name["a.example.com"] = adds("/data/x", "y")
        obj = await admitted(made, review(CONFIG_MAPS, config_map()), Counting())
        assert made.answers.names == ["a.example.com", "b.example.com"] * 2
        assert obj["data"] == {"rounds": "2", "x": "y"}


async def test_nobody_is_asked_for_the_first_time_in_the_second_round():
    async with site() as made:
        red = {"matchLabels": {"color": "red"}}
        await made.mutates(
            webhook("a.example.com", reinvocationPolicy="IfNeeded", objectSelector=red),
            webhook("b.example.com"),
        )
        made.answers.by_name["b.example.com"] = adds("/metadata/labels", {"color": "red"})
        await admitted(made, review(CONFIG_MAPS, config_map()))
        assert made.answers.names == ["b.example.com"]


async def test_a_patch_in_another_version_comes_back_in_the_requests():
    async with site() as made:
        await made.mutates(webhook(rules=[ANY | {"apiVersions": ["v1"]}]))
        made.answers.by_name["w.example.com"] = adds("/spec/targetCPUUtilizationPercentage", 70)
        scaler = {
            "metadata": {"name": "h"},
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
                "maxReplicas": 3,
            },
        }
        obj = await made.create(HORIZONTAL_POD_AUTOSCALERS, scaler)
        assert obj["apiVersion"] == "autoscaling/v2"
        assert obj["spec"]["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
        request = made.answers.requests[0][1]
        assert request["object"]["apiVersion"] == "autoscaling/v1"


async def test_what_webhooks_change_has_no_owner_and_is_validated():
    async with site() as made:
        await made.mutates(webhook())
        made.answers.by_name["w.example.com"] = adds("/data/added", "1")
        obj = await made.create(CONFIG_MAPS, {"metadata": {"name": "m"}, "data": {"a": "b"}})
        assert obj["data"] == {"a": "b", "added": "1"}
        [entry] = obj["metadata"]["managedFields"]
        assert entry["fieldsV1"]["f:data"] == {".": {}, "f:a": {}}
        made.answers.by_name["w.example.com"] = adds("/data/no~1key", "1")
        with pytest.raises(ApiError) as refused:
            await made.create(CONFIG_MAPS, {"metadata": {"name": "n"}, "data": {"a": "b"}})
        assert (refused.value.code, refused.value.reason) == (422, "Invalid")


FAILED = 'Internal error occurred: failed calling webhook "w.example.com": '


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (unreachable('Post "x": EOF'), 500, f'{FAILED}failed to call webhook: Post "x": EOF'),
        (b"", 500, f"{FAILED}failed to call webhook: "),
        (allowed(patchType="JSONPatch"), 500, f"{FAILED}received invalid webhook response: webhook returned "),
        (
            allowed(patch=base64.b64encode(b"{}").decode(), patchType="JSONPatch"),
            500,
            f"{FAILED}received undecodable patch in webhook response: json: cannot unmarshal object",
        ),
        (allowed(patch="W10=", patchType="Merge"), 201, ""),
        (
            allowed(patch=base64.b64encode(b"[{}]").decode(), patchType="Merge"),
            500,
            f'{FAILED}unsupported patch type "Merge"',
        ),
        (adds("/nowhere/x", 1), 500, "Internal error occurred: operation does not apply: doc is missing path"),
        (denied(message="no", code=403), 403, 'admission webhook "w.example.com" denied the request: no'),
        (adds("/metadata/namespace", "other"), 400, "the namespace of the provided object does not match"),
    ],
)
async def test_whatever_goes_wrong_is_said_in_upstreams_words(answer, code, message):
    async with site() as made:
        await made.mutates(webhook())
        made.answers.by_name["w.example.com"] = answer
        if code == 201:
            assert await made.create(CONFIG_MAPS, {"metadata": {"name": "m"}})
            return
        with pytest.raises(ApiError) as refused:
            await made.create(CONFIG_MAPS, {"metadata": {"name": "m"}})
        assert refused.value.code == code
        assert refused.value.message.startswith(message)


async def test_failures_of_calls_may_be_ignored_but_not_those_of_patches():
    async with site() as made:
        await made.mutates(webhook(failurePolicy="Ignore"))
        made.answers.by_name["w.example.com"] = unreachable()
        assert await made.create(CONFIG_MAPS, {"metadata": {"name": "m"}})
        assert 'webhook_fail_open_count{name="w.example.com",type="admit"} 1' in made.metrics()
        made.answers.by_name["w.example.com"] = adds("/nowhere/x", 1)
        with pytest.raises(ApiError):
            await made.create(CONFIG_MAPS, {"metadata": {"name": "n"}})


async def test_a_deletion_cannot_be_patched():
    async with site() as made:
        await made.mutates(webhook())
        made.answers.by_name["w.example.com"] = patches({"op": "add", "path": "/a", "value": 1})
        asked = review(CONFIG_MAPS, None, config_map(), operation="DELETE")
        with pytest.raises(ApiError, match="attempted to modify the object, which is not supported for this operation"):
            await admitted(made, asked)
