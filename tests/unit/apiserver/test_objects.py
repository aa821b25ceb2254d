"""Stored bytes and cached bodies: what is put in, taken out, and never decoded."""

from __future__ import annotations

import orjson
import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.pod import PODS
from steersman.apiserver.objects import ObjectIndex, encode_stored, type_meta


def config_map(**metadata: object) -> dict[str, object]:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", **metadata}, "data": {"x": "1"}}


@pytest.fixture
def index() -> ObjectIndex:
    return ObjectIndex(CONFIG_MAPS)


def test_the_stored_value_has_no_resource_version(index: ObjectIndex) -> None:
    value = encode_stored(config_map(resourceVersion="7"))
    assert "resourceVersion" not in orjson.loads(value)["metadata"]
    assert value.startswith(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{')


def test_type_meta_and_body_are_the_object_with_its_version(index: ObjectIndex) -> None:
    entry = index.entry("/registry/configmaps/d/a", encode_stored(config_map()), 12, None)
    assert orjson.loads(type_meta(CONFIG_MAPS) + entry.body) == config_map(resourceVersion="12")
    assert index.decode(entry) == config_map(resourceVersion="12")
    assert orjson.loads(b"{" + entry.body) == {
        k: v for k, v in config_map(resourceVersion="12").items() if k not in {"kind", "apiVersion"}
    }


def test_a_value_that_another_writer_ordered_differently_reads_the_same(index: ObjectIndex) -> None:
    other = orjson.dumps({"data": {"x": "1"}, "metadata": {"name": "a"}, "apiVersion": "v1", "kind": "ConfigMap"})
    assert index.decode(index.entry("k", other, 3, None)) == config_map(resourceVersion="3")


def test_restamping_changes_the_version_and_nothing_else(index: ObjectIndex) -> None:
    entry = index.entry("k", encode_stored(config_map(labels={"resourceVersion": "9"})), 9, None)
    again = index.restamp(entry, 10)
    assert index.decode(again) == config_map(labels={"resourceVersion": "9"}, resourceVersion="10")
    assert again.labels == {"resourceVersion": "9"}


def test_selectors_see_labels_and_the_selectable_fields() -> None:
    pod = {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}
    hint = ObjectIndex(PODS).hint(pod)
    assert hint.labels == {"a": "b"}
    assert (hint.fields["spec.nodeName"], hint.fields["status.phase"]) == ("n1", "Running")
