"""decode: Go's normal form, strict paths, and Go's error texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steersman.api.schema.builtin import names, raw, type_of
from steersman.api.schema.decode import DecodeError, decode, interpret
from steersman.api.schema.generate import Irregular, struct_decoder

CORE = "io.k8s.api.core.v1."
GOLDEN = Path(__file__).parents[5] / "shared/golden/visible"


@pytest.fixture(params=["interpreted", "as called"])
def run(request):
    """Decoding by definition name, both ways; the input must stay as it is."""

    def decode_one(name, value):
        type_ = type_of(name)
        before = json.dumps(value)
        if request.param == "as called" and type_.form == "struct":
            struct_decoder(type_)
        try:
            return (interpret if request.param == "interpreted" else decode)(type_, value)
        finally:
            assert json.dumps(value) == before

    return decode_one


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ConfigMap", {}, {"metadata": {}}),
        ("ConfigMap", {"data": {}, "binaryData": None, "immutable": False}, {"metadata": {}, "immutable": False}),
        ("ConfigMap", {"data": {"a": None}}, {"metadata": {}, "data": {"a": ""}}),
        ("Secret", {"data": {"a": "YR=="}, "type": ""}, {"metadata": {}, "data": {"a": "YQ=="}}),
        (
            "Container",
            {"ports": [{}]},
            {"name": "", "ports": [{"containerPort": 0, "protocol": "TCP"}], "resources": {}},
        ),
        (
            "Container",
            {"ports": [None], "args": []},
            {"name": "", "ports": [{"containerPort": 0, "protocol": "TCP"}], "resources": {}},
        ),
        ("ContainerPort", {"containerPort": 1, "protocol": "", "hostPort": 0}, {"containerPort": 1, "protocol": "TCP"}),
        ("PodSpec", {"containers": []}, {"containers": []}),
        ("PodSpec", {"activeDeadlineSeconds": 0, "hostPID": False}, {"containers": None, "activeDeadlineSeconds": 0}),
        ("ConfigMapEnvSource", {"name": "a", "optional": False}, {"name": "a", "optional": False}),
        ("GRPCAction", {"port": 1}, {"port": 1, "service": ""}),
        ("TypedLocalObjectReference", {}, {"apiGroup": None, "kind": "", "name": ""}),
        ("ResourceFieldSelector", {"resource": "x"}, {"resource": "x", "divisor": "0"}),
        ("ServicePort", {"port": 1}, {"port": 1, "protocol": "TCP", "targetPort": 0}),
        (
            "ResourceRequirements",
            {"limits": {"cpu": "1000m", "memory": "1024Ki", "x": 0.5}, "requests": {"cpu": None}},
            {"limits": {"cpu": "1", "memory": "1Mi", "x": "500m"}, "requests": {"cpu": "0"}},
        ),
        (
            "PodCondition",
            {"type": "a", "status": "b", "lastProbeTime": None, "lastTransitionTime": "2001-01-01T01:00:00.5+01:00"},
            {"type": "a", "status": "b", "lastProbeTime": None, "lastTransitionTime": "2001-01-01T00:00:00Z"},
        ),
    ],
)
def test_the_normal_form_is_gos(run, name, value, expected):
    made = run(CORE + name, value)
    assert made.object == expected
    assert made.unknown == []
    assert run(CORE + name, made.object).object == expected


def test_a_creation_timestamp_of_zero_leaves_the_wire(run):
    meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    assert run(meta, {"creationTimestamp": None, "generation": 0}).object == {}
    assert run(meta, {"creationTimestamp": "0001-01-01T00:00:00Z"}).object == {}
    assert run(meta, {"deletionTimestamp": "2001-01-01T00:00:00Z"}).object == {
        "deletionTimestamp": "2001-01-01T00:00:00Z"
    }


def test_what_is_stored_as_json_keeps_its_empty_lists(run):
    name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus"
    names_ = {"acceptedNames": {"kind": "", "plural": ""}}
    assert run(name, {"storedVersions": []}).object["storedVersions"] == []
    absent = run(name, {}).object
    assert (absent["storedVersions"], absent["acceptedNames"]) == (None, names_["acceptedNames"])


def test_lists_in_maps_are_never_null(run):
    name = "io.k8s.api.authentication.v1.UserInfo"
    assert run(name, {"extra": {"a": None, "b": []}}).object == {"extra": {"a": [], "b": []}}


def test_schemas_of_custom_resources_have_unions(run):
    name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
    value = {
        "items": {"type": "string", "nosuch": 1},
        "additionalProperties": False,
        "properties": {"a": None, "b": {"default": None, "enum": [None, 1.0]}},
        "maximum": 2.0,
    }
    made = run(name, value)
    assert made.object == {
        "items": {"type": "string"},
        "additionalProperties": False,
        "properties": {"a": {}, "b": {"enum": [None, 1]}},
        "maximum": 2,
    }
    assert "1.0" not in json.dumps(made.object)
    assert made.unknown == []  # upstream does not look strictly into unions
    with pytest.raises(DecodeError, match=r"^boolean or JSON schema expected$"):
        run(name, {"additionalProperties": "x"})


def test_unknown_fields_are_named_in_the_order_of_the_document(run):
    value = {
        "zz": 1,
        "metadata": {"nosuch": {"deep": 1}},
        "spec": {"containers": [{"name": "a"}, {"foo": 1, "env": [{"Name": "x"}]}], "nodeSelector": {"any": "y"}},
        "aa": None,
    }
    made = run(CORE + "Pod", value)
    paths = ["zz", "metadata.nosuch", "spec.containers[1].foo", "spec.containers[1].env[0].Name", "aa"]
    assert made.unknown == paths
    assert "nosuch" not in json.dumps(made.object)


def test_not_more_than_a_hundred_unknown_fields_are_named(run):
    assert len(run(CORE + "ConfigMap", {f"k{i}": 1 for i in range(200)}).unknown) == 100


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ConfigMap", [], "json: cannot unmarshal array into Go value of type v1.ConfigMap"),
        (
            "ConfigMap",
            {"data": []},
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
        ),
        (
            "ConfigMap",
            {"data": {"a": 1}},
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            "Secret",
            {"data": {"a": 1}},
            "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
        ),
        ("Secret", {"data": {"a": "YWI"}}, "illegal base64 data at input byte 0"),
        (
            "Pod",
            {"spec": {"containers": "x"}},
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            "Pod",
            {"spec": {"containers": [1]}},
            "json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            "Pod",
            {"spec": {"volumes": [{"emptyDir": 5}]}},
            (
                "json: cannot unmarshal number into Go struct field Volume.spec.volumes.VolumeSource.emptyDir "
                "of type v1.EmptyDirVolumeSource"
            ),
        ),
        (
            "ContainerPort",
            {"containerPort": 2147483648},
            "json: cannot unmarshal number 2147483648 into Go struct field ContainerPort.containerPort of type int32",
        ),
        (
            "ContainerPort",
            {"containerPort": 1.5},
            "json: cannot unmarshal number 1.5 into Go struct field ContainerPort.containerPort of type int32",
        ),
        (
            "ContainerPort",
            {"containerPort": True},
            "json: cannot unmarshal bool into Go struct field ContainerPort.containerPort of type int32",
        ),
        (
            "ServicePort",
            {"targetPort": True},
            "json: cannot unmarshal bool into Go struct field ServicePort.targetPort of type int32",
        ),
        (
            "PodCondition",
            {"lastProbeTime": 5},
            "json: cannot unmarshal number into Go struct field PodCondition.lastProbeTime of type string",
        ),
        (
            "ResourceRequirements",
            {"limits": {"cpu": "x"}},
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ],
)
def test_a_wrong_type_is_refused_in_gos_words(run, name, value, message):
    with pytest.raises(DecodeError) as caught:
        run(CORE + name, value)
    assert str(caught.value) == message


def test_the_first_wrong_type_is_named_unless_a_later_value_ends_decoding(run):
    wrong = {"metadata": {"name": 1, "namespace": 2}}
    with pytest.raises(DecodeError, match=r"ObjectMeta\.metadata\.name"):
        run(CORE + "ConfigMap", wrong)
    with pytest.raises(DecodeError, match=r'^parsing time "x"'):
        run(CORE + "ConfigMap", {"metadata": {"name": 1, "creationTimestamp": "x"}})


def test_a_value_nested_too_deep_is_refused():
    props = type_of("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
    value: dict = {}
    for _ in range(5000):
        value = {"not": value}
    with pytest.raises(DecodeError, match="exceeded max depth"):
        decode(props, value)


def _golden_bodies():
    kinds = {}
    for name in names():
        for gvk in raw(name).get("x-kubernetes-group-version-kind", ()):
            version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
            kinds[version, gvk["kind"]] = name
    for category in ("defaulting", "invalid"):
        for file in sorted((GOLDEN / category).glob("*.json"))[::4]:
            for step in json.loads(file.read_text())["steps"]:
                body = step.get("body")
                answer = (step.get("answer") or {}).get("body")
                if isinstance(body, dict) and step["do"] == "POST":
                    name = kinds.get((str(body.get("apiVersion")), str(body.get("kind"))))
                    if name:
                        yield name, body, answer


def _attempt(type_, value):
    try:
        return interpret(type_, value), ""
    except DecodeError as error:
        return None, str(error)


def test_generated_and_interpreted_decoders_agree_on_recorded_bodies():
    if not GOLDEN.exists():
        pytest.skip("the recorded requests of upstream are not beside the project")
    met = 0
    for name, body, answer in _golden_bodies():
        message = answer.get("message", "") if isinstance(answer, dict) else ""
        exact, refusal = _attempt(type_of(name), body)
        if exact is None:
            assert refusal in message
            with pytest.raises((Irregular, ValueError)):
                struct_decoder(type_of(name))(body)
            continue
        met += 1
        if not exact.unknown:
            try:
                assert struct_decoder(type_of(name))(body) == exact.object
            except (Irregular, ValueError):
                assert "null" in json.dumps(body) or "." in json.dumps(body)
    assert met > 200
