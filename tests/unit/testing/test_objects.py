"""Objects by the words that kubectl knows."""

from __future__ import annotations

import pytest

from steersman.api.errors import Conflict, NotFound
from steersman.client.request import PatchType
from steersman.testing.cluster import Cluster

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {colour: blue}
"""


@pytest.fixture(scope="module")
def objects():
    with Cluster() as cluster:
        yield cluster.client


@pytest.mark.parametrize("word", ["configmaps", "configmap", "ConfigMap", "cm"])
def test_a_kind_has_many_names(objects, word: str) -> None:
    objects.apply(CONFIG_MAP)
    assert objects.get(word, "a")["data"] == {"colour": "blue"}


def test_yaml_may_hold_several_objects(objects) -> None:
    objects.create("kind: Namespace\napiVersion: v1\nmetadata: {name: two}\n---\n" + CONFIG_MAP, namespace="two")
    assert [each["metadata"]["name"] for each in objects.list("cm", namespace="two", fields="metadata.name=a")] == ["a"]


def test_what_was_changed_meanwhile_is_not_replaced(objects) -> None:
    old = objects.apply(CONFIG_MAP.replace("name: a", "name: changed"))
    objects.patch("cm", "changed", {"data": {"colour": "red"}}, form=PatchType.MERGE)
    with pytest.raises(Conflict):
        objects.replace(old)


def test_what_is_deleted_is_not_found(objects) -> None:
    objects.create(CONFIG_MAP.replace("name: a", "name: gone"))
    objects.delete("cm", "gone")
    with pytest.raises(NotFound):
        objects.get("cm", "gone")


def test_a_word_that_means_nothing_is_said(objects) -> None:
    with pytest.raises(ValueError, match="nothing that is called 'gadgets' is served"):
        objects.list("gadgets")


def test_an_object_must_say_what_it_is(objects) -> None:
    with pytest.raises(ValueError, match="apiVersion: an object must say what it is"):
        objects.create({"kind": "ConfigMap", "metadata": {"name": "x"}})
