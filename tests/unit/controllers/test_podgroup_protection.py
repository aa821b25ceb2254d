"""A PodGroup stays while pods of it have not ended."""

import pytest

from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.podgroup_protection import FINALIZER, POD_GROUPS, PodGroupProtection, group_of, left_groups

from .objects import pod
from .served import serve

GROUP = Key("ns", "g")


def member(name="a", **more):
    made = pod(name, **more)
    made["spec"]["schedulingGroup"] = {"podGroupName": "g"}
    return made


def test_a_group_has_one_pod_less_when_it_ends_goes_or_is_replaced():
    assert group_of(pod("a")) == ()
    assert left_groups(None, member()) == ()
    assert left_groups(member(), member(phase="Failed")) == (GROUP,)
    assert left_groups(member(), None) == (GROUP,)
    assert left_groups(member(), member(uid="other")) == (GROUP,)


@pytest.mark.virtual_time
async def test_the_finalizer_goes_with_the_group_and_not_before(bench):
    await serve(bench, POD_GROUPS)
    metadata = {"namespace": "default", "name": "g", "finalizers": [FINALIZER]}
    group = {"apiVersion": "scheduling.k8s.io/v1beta1", "kind": "PodGroup", "metadata": metadata}
    await bench.client.create(POD_GROUPS, group)
    await bench.start(PodGroupProtection)
    key = Key("default", "g")
    assert (await bench.client.get(POD_GROUPS, key))["metadata"]["finalizers"] == [FINALIZER]
    await bench.client.delete(POD_GROUPS, key)
    await bench.settle()
    with pytest.raises(NotFound):
        await bench.client.get(POD_GROUPS, key)
