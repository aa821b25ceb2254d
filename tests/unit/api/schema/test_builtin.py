"""Types and raw schemas of built-in resources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.api.schema import builtin
from steersman.api.schema.model import ABSENT

POD_SPEC = "io.k8s.api.core.v1.PodSpec"
FACTS = Path(__file__).parents[5] / "shared/reference/schema_facts.json"


def test_a_type_is_built_once_and_shared():
    made = builtin.schema("io.k8s.api.core.v1.Pod")
    assert made() is made() is builtin.type_of("io.k8s.api.core.v1.Pod")
    assert made().fields["spec"].type is builtin.type_of(POD_SPEC)


def test_a_type_may_refer_to_itself():
    props = builtin.type_of("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
    assert props.fields["properties"].type.element is props
    assert props.fields["items"].type.form == "union"
    assert props.fields["items"].type.alternatives == {"objects"}


def test_go_facts_are_known():
    fields = builtin.type_of(POD_SPEC).fields
    assert (fields["containers"].omitempty, fields["containers"].type.go_name) == (False, "[]v1.Container")
    assert fields["terminationGracePeriodSeconds"].pointer
    assert fields["restartPolicy"].type.go_name == "v1.RestartPolicy"
    assert fields["overhead"].type.go_name == "v1.ResourceList"
    volume = builtin.type_of("io.k8s.api.core.v1.Volume").fields
    assert (volume["emptyDir"].go_path, volume["name"].go_path) == ("VolumeSource", "")
    meta = builtin.type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta").fields
    assert meta["creationTimestamp"].omitzero


def test_openapi_facts_are_known():
    container = builtin.type_of("io.k8s.api.core.v1.Container").fields
    assert container["ports"].type.map_keys == ("containerPort", "protocol")
    assert (container["ports"].merge_key, container["ports"].patch_strategy) == ("containerPort", ("merge",))
    assert builtin.type_of(POD_SPEC).fields["volumes"].patch_strategy == ("merge", "retainKeys")
    assert container["imagePullPolicy"].enum == ("Always", "IfNotPresent", "Never")
    assert container["name"].required
    assert builtin.type_of("io.k8s.api.core.v1.ContainerPort").fields["protocol"].default == "TCP"
    assert container["name"].default is ABSENT


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        builtin.type_of("io.k8s.api.core.v1.Nothing")


def test_raw_schemas_are_those_of_upstream():
    if not FACTS.exists():
        pytest.skip("the reference data of upstream is not beside the project")
    facts = json.loads(FACTS.read_text())
    assert sorted(facts) == list(builtin.names())
    assert {name: builtin.raw(name) for name in builtin.names()} == facts
