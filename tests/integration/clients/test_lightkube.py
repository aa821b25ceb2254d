"""`lightkube`, unmodified: an independent client with its own models, apply, patches, async watch and generic resources."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from lightkube import ApiError, AsyncClient, Client, KubeConfig
from lightkube.generic_resource import load_in_cluster_generic_resources
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace
from lightkube.types import PatchType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def config(admin: Path) -> KubeConfig:
    return KubeConfig.from_file(str(admin))


@pytest.fixture
def light(config: KubeConfig, namespace: str) -> Iterator[Client]:
    client = Client(config=config, namespace=namespace, field_manager="lightkube")
    yield client
    client.close()


def config_map(name: str, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, labels={"made": "here"}), data=data)


def deployment(name: str, replicas: int) -> Deployment:
    labels = {"app": name}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=[Container(name="c", image="c:1")])
    )
    spec = DeploymentSpec(replicas=replicas, selector=LabelSelector(matchLabels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name), spec=spec)


def test_objects_live_and_die(light: Client) -> None:
    created = light.create(config_map("a", x="1"))
    assert created.metadata is not None
    created.data = {"x": "2"}
    assert light.replace(created).data == {"x": "2"}
    assert light.get(ConfigMap, "a").data == {"x": "2"}
    patched = light.patch(ConfigMap, "a", {"data": {"y": "3"}}, patch_type=PatchType.MERGE)
    assert patched.data == {"x": "2", "y": "3"}
    assert [item.metadata.name for item in light.list(ConfigMap, labels={"made": "here"})] == ["a"]
    light.delete(ConfigMap, "a")
    with pytest.raises(ApiError) as error:
        light.get(ConfigMap, "a")
    assert error.value.status.reason == "NotFound"


def test_lists_page_by_themselves(light: Client) -> None:
    for number in range(5):
        light.create(config_map(f"m-{number}"))
    assert len(list(light.list(ConfigMap, chunk_size=2))) == 5


def test_apply_conflicts_and_forces(light: Client) -> None:
    light.apply(deployment("web", 1))
    with pytest.raises(ApiError) as error:
        light.apply(deployment("web", 2), field_manager="other")
    assert error.value.status.code == 409
    assert light.apply(deployment("web", 2), field_manager="other", force=True).spec.replicas == 2
    scale = light.get(Deployment.Scale, "web")
    scale.spec = ScaleSpec(replicas=5)
    assert light.replace(scale, "web").spec.replicas == 5
    assert light.get(Deployment, "web").spec.replicas == 5


def test_generic_resources_are_found(light: Client) -> None:
    load_in_cluster_generic_resources(light)
    assert "default" in [item.metadata.name for item in light.list(Namespace)]


async def test_the_async_client_watches(config: KubeConfig, namespace: str) -> None:
    client = AsyncClient(config=config, namespace=namespace)
    seen: list[tuple[str, str]] = []
    arrived = asyncio.Event()

    async def follow() -> None:
        async for kind, item in client.watch(ConfigMap):
            seen.append((kind, item.metadata.name))
            arrived.set()
            if kind == "DELETED":
                return

    async with asyncio.timeout(10):
        following = asyncio.gather(follow())
        await client.create(config_map("a"))
        await client.patch(ConfigMap, "a", {"data": {"x": "1"}})
        await arrived.wait()
        await client.delete(ConfigMap, "a")
        await following
    assert seen[0] == ("ADDED", "a")
    assert seen[-1] == ("DELETED", "a")
    await client.close()


def test_errors_are_status_objects(light: Client) -> None:
    with pytest.raises(ApiError) as error:
        light.create(config_map("Not Valid"))
    assert error.value.status.details.causes[0].field == "metadata.name"
