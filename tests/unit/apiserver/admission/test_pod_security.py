from __future__ import annotations

import pytest

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden, Invalid
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.pod_security.levels import LATEST, LevelVersion, policy_of
from steersman.apiserver.admission.pod_security.plugin import PodSecurity
from steersman.apiserver.admission.pod_security.standards import NEWEST, Standards

from .shelf import Shelf, container, pod, review

PREFIX = "pod-security.kubernetes.io/"
HARD = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
HARD_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def hard(context=None, **spec):
    security = HARD_POD | spec.pop("securityContext", {})
    return pod(container(securityContext=HARD | (context or {})), securityContext=security, **spec)


def _findings(level, made, minor=LATEST):
    return [str(f) for f in Standards().evaluate(LevelVersion(level, minor), made["metadata"], made["spec"])]


def _namespace(name="ns", **labels):
    return {
        "metadata": {"name": name, "labels": {PREFIX + key.replace("_", "-"): value for key, value in labels.items()}}
    }


def _plugin(*pods, **labels):
    shelf = Shelf()
    shelf.put(NAMESPACES, _namespace(**labels))
    for made in pods:
        shelf.put(PODS, made, "ns")
    return PodSecurity(reader=shelf)


# -- standards


BASELINE = [
    (hard(hostNetwork=True), "host namespaces (hostNetwork=true)"),
    (hard(hostPID=True, hostIPC=True), "host namespaces (hostPID=true, hostIPC=true)"),
    (hard({"privileged": True}), 'privileged (container "c" must not set securityContext.privileged=true)'),
    (
        hard({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN", "KILL", "BPF"]}}),
        'non-default capabilities (container "c" must not include "BPF", "SYS_ADMIN" in securityContext.capabilities.add)',
    ),
    (hard(volumes=[{"name": "h", "hostPath": {"path": "/"}}]), 'hostPath volumes (volume "h")'),
    (
        pod(container(ports=[{"hostPort": 80}, {"hostPort": 9}, {"containerPort": 1}])),
        'hostPort (container "c" uses hostPorts 80, 9)',
    ),
    (
        pod(container(livenessProbe={"httpGet": {"host": "h"}}, lifecycle={"preStop": {"tcpSocket": {"host": "g"}}})),
        'probe or lifecycle host (container "c" uses probe or lifecycle hosts "g", "h")',
    ),
    (hard({"procMount": "Unmasked"}), 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'),
    (
        hard({"seLinuxOptions": {"type": "t", "user": "u"}}, securityContext={"seLinuxOptions": {"role": "r"}}),
        (
            'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "t"; user may not be '
            "set; role may not be set)"
        ),
    ),
    (
        hard(securityContext={"seccompProfile": {"type": "Unconfined"}}),
        'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ),
    (hard(securityContext={"sysctls": [{"name": "a.b"}, {"name": "net.ipv4.tcp_rmem"}]}), "forbidden sysctls (a.b)"),
    (
        hard({"windowsOptions": {"hostProcess": True}}),
        'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
    ),
    (
        hard(
            securityContext={"appArmorProfile": {"type": "Unconfined"}},
            metadata={"annotations": {"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}},
        ),
        (
            'forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", '
            '"container.apparmor.security.beta.kubernetes.io/c="unconfined"")'
        ),
    ),
]


@pytest.mark.parametrize(("made", "finding"), BASELINE, ids=[finding.split(" (")[0] for _, finding in BASELINE])
def test_baseline_refuses_known_ways_out(made, finding):
    assert _findings("baseline", made) == [finding]
    assert _findings("privileged", made) == []


def test_restricted_wants_to_be_told():
    assert _findings("restricted", pod()) == [
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        (
            'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")'
        ),
    ]
    assert _findings("restricted", hard()) == []
    assert _findings("baseline", pod()) == []


RESTRICTED = [
    (
        hard({"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}),
        'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
    ),
    (
        hard({"runAsNonRoot": False}),
        'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
    ),
    (hard(securityContext={"runAsUser": 0}), "runAsUser=0 (pod must not set runAsUser=0)"),
    (
        hard(volumes=[{"name": "a", "hostPath": {}}, {"name": "b", "nfs": {}}, {"name": "c", "emptyDir": {}}]),
        'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
    ),
    (hard({"procMount": "Unmasked"}), 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'),
]


@pytest.mark.parametrize(("made", "finding"), RESTRICTED, ids=[finding.split(" (")[0] for _, finding in RESTRICTED])
def test_restricted_refuses_more(made, finding):
    assert _findings("restricted", made) == [finding]


def test_init_and_ephemeral_containers_are_looked_at_first_and_last():
    bad = {"securityContext": {"privileged": True}}
    made = pod(
        container("b", **bad), initContainers=[container("a", **bad)], ephemeralContainers=[container("c", **bad)]
    )
    assert 'containers "a", "b", "c" must not' in _findings("baseline", made)[0]


@pytest.mark.parametrize(
    ("level", "made", "since", "until"),
    [
        ("restricted", pod(container(securityContext={}), securityContext=HARD_POD), 0, None),
        ("baseline", pod(container(startupProbe={"httpGet": {"host": "h"}})), 34, None),
        ("baseline", hard({"seLinuxOptions": {"type": "container_engine_t"}}), 0, 31),
        ("baseline", hard(securityContext={"sysctls": [{"name": "net.ipv4.tcp_wmem"}]}), 0, 32),
        ("baseline", hard({"procMount": "Unmasked"}, hostUsers=False), 0, 35),
        ("restricted", hard({"procMount": "Unmasked"}, hostUsers=False), 0, None),
        ("restricted", hard(securityContext={"runAsUser": 0}), 23, None),
        ("restricted", hard({"runAsUser": 0}, hostUsers=False), 23, 35),
        ("baseline", pod(metadata={"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "x"}}), 0, 19),
    ],
)
def test_checks_come_and_go_with_versions(level, made, since, until):
    refused = [minor for minor in range(8, NEWEST + 1) if _findings(level, made, minor)]
    assert refused == list(range(max(since, 8), NEWEST + 1 if until is None else until))


def test_windows_pods_need_not_say_what_they_cannot():
    assert _findings("restricted", pod(os={"name": "windows"}, securityContext={"runAsNonRoot": True})) == []


# -- labels


def test_labels_name_level_and_version():
    assert policy_of({"metadata": {}}).is_privileged
    policy = policy_of(_namespace(enforce="baseline", enforce_version="v1.20", audit="restricted"))
    assert [str(mode) for mode in policy[:3]] == ["baseline:v1.20", "restricted:latest", "baseline:v1.20"]
    assert str(policy_of(_namespace(enforce="baseline", warn="privileged")).warn) == "privileged:latest"


def test_wrong_labels_enforce_the_strictest_and_say_so():
    policy = policy_of(_namespace(enforce="bogus", warn="x", audit_version="v9"))
    assert [mode.level for mode in policy[:3]] == ["restricted", "privileged", "privileged"]
    assert [str(error) for error in policy.errors] == [
        f'metadata.labels[{PREFIX}enforce]: Invalid value: "bogus": must be one of privileged, baseline, restricted',
        f'metadata.labels[{PREFIX}audit-version]: Invalid value: "v9": must be "latest" or "v1.x"',
        f'metadata.labels[{PREFIX}warn]: Invalid value: "x": must be one of privileged, baseline, restricted',
    ]


# -- the plugin


def test_a_pod_is_refused_or_warned_of():
    plugin = _plugin(enforce="baseline", warn="restricted", enforce_version="v1.30")
    with pytest.raises(Forbidden, match=r'violates PodSecurity "baseline:v1.30": host namespaces \(hostPID=true\)'):
        plugin.validate(review(PODS, pod(hostPID=True)))
    asked = review(PODS, pod())
    plugin.validate(asked)
    assert asked.warnings[0].startswith(
        'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false'
    )


@pytest.mark.parametrize(
    ("resource", "obj"),
    [
        (DEPLOYMENTS, {"spec": {"template": pod(hostPID=True)}}),
        (CRON_JOBS, {"spec": {"jobTemplate": {"spec": {"template": pod(hostPID=True)}}}}),
    ],
)
def test_workloads_are_warned_of_only(resource, obj):
    asked = review(resource, {"metadata": {"name": "x"}, **obj})
    _plugin(enforce="baseline").validate(asked)
    assert asked.warnings == ['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)']


def test_updates_that_change_no_image_pass():
    plugin = _plugin(enforce="baseline")
    plugin.validate(review(PODS, pod(hostPID=True, metadata={"labels": {"a": "b"}}), pod(hostPID=True)))
    plugin.validate(review(PODS, pod(hostPID=True), pod(container(image="j"), hostPID=True), subresource="status"))
    with pytest.raises(Forbidden):
        plugin.validate(review(PODS, pod(hostPID=True), pod(container(image="j"), hostPID=True)))
    debugged = pod(hostPID=True, ephemeralContainers=[container("e")])
    with pytest.raises(Forbidden):
        plugin.validate(review(PODS, debugged, pod(hostPID=True), subresource="ephemeralcontainers"))


async def test_namespaces_are_shown_to_it():
    with pytest.raises(Invalid):
        await Chain(mutating=(), validating=(_plugin(),)).validate(review(NAMESPACES, _namespace(enforce="x")))


def test_a_namespaces_labels_must_be_right_when_they_change():
    plugin = _plugin()
    with pytest.raises(Invalid, match='Namespace "ns" is invalid: metadata'):
        plugin.validate(review(NAMESPACES, _namespace(enforce="x")))
    plugin.validate(review(NAMESPACES, _namespace(enforce="x"), _namespace(enforce="x")))


def test_a_stricter_level_warns_of_pods_by_their_faults():
    def replica(name):
        owner = {"uid": "rs", "controller": True}
        return pod(hostPID=True, metadata={"name": name, "ownerReferences": [owner]})

    bad = [pod(hostPID=True, metadata={"name": "z"}), replica("b"), replica("a")]
    plugin = _plugin(
        *bad, pod(container(securityContext={"privileged": True}), metadata={"name": "p"}), hard(name="good")
    )
    asked = review(NAMESPACES, _namespace(enforce="baseline"), _namespace())
    plugin.validate(asked)
    assert asked.warnings == [
        'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 2 other pods): host namespaces",
        "p: privileged",
    ]
    for new, old in (("privileged", "baseline"), ("baseline", "restricted"), ("baseline", "baseline")):
        asked = review(NAMESPACES, _namespace(enforce=new), _namespace(enforce=old))
        plugin.validate(asked)
        assert asked.warnings == []
