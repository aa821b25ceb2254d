"""What is left of a resource, and what that means."""

from __future__ import annotations

import random

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.client.client import Client
from steersman.client.discovery import Served
from steersman.controllers.namespace.content import Content, Rest, estimate_grace_s, plan_rest

from ..objects import pod

pytestmark = pytest.mark.virtual_time

VERBS = ("create", "delete", "deletecollection", "get", "list", "watch")


def served(plural="configmaps", kind="ConfigMap", *, verbs=VERBS):
    return Served("", "v1", plural, True, kind, frozenset(verbs))


def graceful(grace_s, **more):
    made = pod("p", **more)
    made["spec"]["terminationGracePeriodSeconds"] = grace_s
    return made


def left(*finalizers):
    return {"metadata": {"name": "x", "finalizers": list(finalizers)}}


def test_the_longest_grace_counts_of_pods_that_have_not_ended():
    pods = [graceful(30), graceful(5), graceful(600, phase="Succeeded"), graceful(600, phase="Failed")]
    assert estimate_grace_s(pods, deleted_for_s=3) == 30
    assert estimate_grace_s([], deleted_for_s=3) == 0


def test_grace_that_is_over_is_no_reason_to_wait():
    assert estimate_grace_s([graceful(30)], deleted_for_s=30) == 0


def test_nothing_left_is_nothing_to_say():
    assert plan_rest(served(), "n", [], estimate_s=30) == Rest()


def test_finalizers_take_their_time():
    rest = plan_rest(served(), "n", [left("f", "g"), left("f"), left()], estimate_s=0)
    assert (rest.count, rest.estimate_s, rest.finalizers, rest.failure) == (3, 15, {"f": 2, "g": 1}, "")


def test_what_stays_without_a_reason_is_a_failure():
    rest = plan_rest(served(), "n", [left()], estimate_s=0)
    assert rest.failure == "unexpected items still remain in namespace: n for gvr: /v1, Resource=configmaps"
    assert (rest.count, rest.estimate_s) == (1, 0)
    assert plan_rest(served(), "n", [left()], estimate_s=7).failure == ""


@pytest.mark.parametrize("verbs", [VERBS, ("delete", "list")], ids=["as a collection", "one by one"])
async def test_everything_goes_but_what_finalizers_hold(client, verbs):
    for name in "abc":
        finalizers = ["x.io/f"] if name == "c" else []
        await client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": name, "finalizers": finalizers}})
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "kube-system", "name": "other"}})
    rest = await Content(client=client).delete(served(verbs=verbs), "default", deleted_for_s=6)
    assert (rest.count, rest.finalizers, rest.failure) == (1, {"x.io/f": 1}, "")
    (item,) = (await client.list(CONFIG_MAPS, namespace="default"))["items"]
    assert item["metadata"]["deletionTimestamp"]
    assert (await client.list(CONFIG_MAPS, namespace="kube-system"))["items"]


async def test_a_resource_that_is_served_no_more_has_nothing_left(client):
    assert await Content(client=client).delete(served("nothings"), "default", deleted_for_s=6) == Rest()


async def test_what_the_server_says_is_a_failure(transports_as):
    alice = Client(transport=transports_as("alice-token"), rng=random.Random(1))
    rest = await Content(client=alice).delete(served(), "default", deleted_for_s=6)
    assert rest.failure.startswith('configmaps is forbidden: User "alice" cannot list resource "configmaps"')
