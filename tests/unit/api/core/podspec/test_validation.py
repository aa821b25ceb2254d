"""One rule or two of every concern; the rest is compared with upstream's recorded answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from steersman.api.core.pod import PODS
from steersman.api.core.podspec.defaults import default_pod_spec, default_template
from steersman.api.core.podspec.gates import drop_disabled
from steersman.api.core.podspec.validation.options import Options, options_for
from steersman.api.core.podspec.validation.spec import validate_pod_spec, validate_template
from steersman.api.errors import Invalid
from steersman.api.schema.builtin import type_of
from steersman.api.schema.decode import decode

RECORDED = Path(__file__).parents[6] / "shared" / "golden" / "visible" / "invalid"


def _spec(**fields):
    spec = {"containers": [{"name": "c", "image": "img:1"}]} | fields
    default_pod_spec(spec)
    return spec


def _texts(spec, options=Options(resource_is_pod=True)) -> list[str]:  # noqa: B008 - frozen
    return [str(error) for error in validate_pod_spec(spec, "spec", options)]


def _container(**fields):
    return _spec(containers=[{"name": "c", "image": "img:1"} | fields])


def test_a_minimal_spec_is_valid() -> None:
    assert _texts(_spec()) == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"containers": []}, "spec.containers: Required value"),
        (
            {"restartPolicy": "Sometimes"},
            'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
        ),
        ({"dnsPolicy": "None"}, "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
        ({"hostname": "a.b"}, 'spec.hostname: Invalid value: "a.b": must not contain dots'),
        (
            {"activeDeadlineSeconds": 0},
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        ),
        (
            {"hostUsers": False, "hostPID": True},
            "spec.HostPID: Forbidden: when `hostUsers` is false",
        ),
        (
            {"shareProcessNamespace": True, "hostPID": True},
            "spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
        ),
        (
            {"schedulingGates": [{"name": "a/b"}, {"name": "a/b"}]},
            'spec.schedulingGates[1]: Duplicate value: "a/b"',
        ),
        (
            {"tolerations": [{"operator": "Equal", "value": "x"}]},
            ('spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, '
            'which means "match all values and all keys"'),
        ),
        (
            {"os": {"name": "beos"}},
            'spec.os: Unsupported value: "beos": supported values: "linux", "windows"',
        ),
        (
            {"os": {"name": "windows"}, "hostIPC": True},
            "spec.hostIPC: Forbidden: cannot be set for a windows pod",
        ),
        (
            {"overhead": {"cpu": "-1"}},
            'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            {"resourceClaims": [{"name": "a"}]},
            ('spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":'
            "null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
        ),
        (
            {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ""}]}}},
            ("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: "
            "Required value: can not be empty"),
        ),
        (
            {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
    ],
)  # fmt: skip
def test_rules_of_the_pod(fields, text) -> None:
    assert _texts(_spec(**fields))[0] == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"image": ""}, "spec.containers[0].image: Required value"),
        ({"name": "C"}, "spec.containers[0].name: Invalid value"),
        ({"ports": [{"containerPort": 0, "protocol": "TCP"}]}, "spec.containers[0].ports[0].containerPort: Required value"),
        ({"env": [{"name": "a=b"}]}, "spec.containers[0].env[0].name: Invalid value"),
        ({"env": [{"name": "a", "valueFrom": {}}]}, 'spec.containers[0].env[0].valueFrom: Invalid value: ""'),
        ({"envFrom": [{}]}, 'spec.containers[0].envFrom: Invalid value: ""'),
        ({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, 'spec.containers[0].volumeMounts[0].name: Not found: "v"'),
        (
            {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}},
            'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        ),
        (
            {"resources": {"requests": {"example.com/gpu": "1"}}},
            "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            {"resources": {"claims": [{"name": "x"}]}},
            ('spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in '
            "pod.spec.resourceClaims which is empty"),
        ),
        ({"livenessProbe": {"successThreshold": 1}}, "spec.containers[0].livenessProbe: Required value: must specify a handler type"),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}}, "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31"),
        ({"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "x"}]}, 'spec.containers[0].resizePolicy: Unsupported value: "x"'),
        ({"restartPolicyRules": [{"action": "Restart"}]}, "spec.containers[0].restartPolicy: Required value"),
    ],
)  # fmt: skip
def test_rules_of_containers(fields, text) -> None:
    assert _texts(_container(**fields))[0].startswith(text)


def test_a_security_context_is_shown_as_gos_type() -> None:
    spec = _container(securityContext={"privileged": True, "allowPrivilegeEscalation": False})
    assert _texts(spec) == [
        (
            'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,'
            '"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,'
            '"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set '
            "`allowPrivilegeEscalation` to false and `privileged` to true"
        )
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"emptyDir": {"sizeLimit": "-1"}}, "spec.volumes[0].emptyDir.sizeLimit: Forbidden"),
        ({"hostPath": {"path": "/a/../b", "type": ""}}, 'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain'),
        ({"gcePersistentDisk": {}}, "spec.volumes[0].persistentDisk.pdName: Required value"),
        ({"nfs": {"server": "s", "path": "p"}}, 'spec.volumes[0].nfs.path: Invalid value: "p": must be an absolute path'),
        ({"configMap": {"name": "", "defaultMode": 420}}, "spec.volumes[0].configMap.name: Required value"),
        ({"secret": {"secretName": "s", "defaultMode": 4096}}, "spec.volumes[0].secret.defaultMode: Invalid value: 4096"),
        ({"emptyDir": {}, "secret": {"secretName": "s"}}, "spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"),
        ({"csi": {}}, "spec.volumes[0].csi.driver: Required value"),
        ({"ephemeral": {}}, "spec.volumes[0].ephemeral.volumeClaimTemplate: Required value"),
        ({"image": {"pullPolicy": "Always"}}, "spec.volumes[0].image.reference: Required value"),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 1, "path": "t"}}]}},
            "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1",
        ),
        (
            {"projected": {"sources": [{"configMap": {"name": "a"}, "secret": {"name": "b"}}]}},
            "spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source",
        ),
    ],
)  # fmt: skip
def test_rules_of_volumes(source, text) -> None:
    assert _texts(_spec(volumes=[{"name": "v"} | source]))[0].startswith(text)


def test_files_of_a_projected_volume_must_not_collide() -> None:
    item = {"key": "k", "path": "p"}
    sources = [{"secret": {"name": "a", "items": [item]}}, {"configMap": {"name": "b", "items": [item]}}]
    (text,) = _texts(_spec(volumes=[{"name": "v", "projected": {"sources": sources}}]))
    assert text == 'spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths'


def test_init_containers_without_restart_have_no_probes() -> None:
    probe = {"tcpSocket": {"port": 80}}
    spec = _spec(initContainers=[{"name": "i", "image": "i", "readinessProbe": probe}])
    assert _texts(spec) == [
        "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always"
    ]
    spec["initContainers"][0]["restartPolicy"] = "Always"
    assert _texts(spec) == []


def test_templates_have_no_ephemeral_containers() -> None:
    template = {"spec": _spec(ephemeralContainers=[{"name": "e", "image": "e"}])}
    assert str(validate_template(template, "spec.template", Options())[-1]) == (
        "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"
    )


def test_profiles_in_annotations_and_fields_must_match() -> None:
    annotations = {"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}
    profile = {"appArmorProfile": {"type": "RuntimeDefault"}}
    template = {"metadata": {"annotations": annotations}, "spec": _container(securityContext=profile)}
    (error,) = validate_template(template, "template", Options())
    assert error.field == "template.spec.containers[0].securityContext.appArmorProfile.type"


def test_what_is_stored_may_stay_wrong() -> None:
    pages = {"hugepages-2Mi": "3Mi", "cpu": "1"}
    spec = _container(resources={"limits": dict(pages), "requests": dict(pages)})
    assert any("is not positive integer multiple of" in text for text in _texts(spec))
    assert _texts(spec, options_for({"spec": spec}, resource_is_pod=True)) == []


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers of upstream are not beside this checkout")
@pytest.mark.parametrize(("kind", "plural"), [("Pod", "pods"), ("PodTemplate", "podtemplates")])
def test_recorded_answers_of_upstream(kind, plural) -> None:
    type_ = type_of(f"io.k8s.api.core.v1.{kind}")
    compared = 0
    for path in sorted(RECORDED.glob(f"{plural}-*.json")):
        for step in json.loads(path.read_text())["steps"]:
            if step["do"] != "POST" or step["answer"]["status"] not in (201, 422):
                continue
            obj = decode(type_, step["body"]).object
            if kind == "Pod":
                PODS.strategy.default(obj)
                account = obj["spec"].setdefault("serviceAccountName", "default")
                obj["spec"].setdefault("serviceAccount", account)
                drop_disabled(obj, None)
                errors = PODS.strategy.validate(obj)
            else:
                template = obj.setdefault("template", {})
                default_template(template)
                errors = validate_template(template, "template", Options())
            causes = (step["answer"]["body"].get("details") or {}).get("causes", [])
            got = Invalid.of("", "", "", errors).details.get("causes", [])
            for cause in got:
                cause["message"] = re.sub(" +", " ", cause["message"])
            assert got == causes, step["id"]
            compared += 1
    assert compared
