"""Templates as go-spew prints them."""

from __future__ import annotations

import pytest

from steersman.api.core.go_dump import dump_template
from steersman.controllers.hashes import template_hash

RICH = {
    "metadata": {"labels": {"app": "web", "a": "1"}, "annotations": {"note": "x y"}},
    "spec": {
        "containers": [
            {
                "name": "c",
                "image": "registry.k8s.io/pause:3.10",
                "imagePullPolicy": "IfNotPresent",
                "command": ["/pause"],
                "env": [
                    {"name": "A", "value": "b"},
                    {"name": "N", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
                ],
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "1"}},
                "livenessProbe": {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
                "securityContext": {"privileged": False, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "volumes": [
            {"name": "v", "emptyDir": {"sizeLimit": "1Gi"}},
            {"name": "s", "secret": {"secretName": "s", "defaultMode": 420}},
        ],
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
                ]
            }
        },
        "tolerations": [{"key": "k", "operator": "Exists"}],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {"runAsNonRoot": True},
        "schedulerName": "default-scheduler",
    },
}


def test_a_template_of_many_parts_has_the_hash_that_upstream_computes():
    assert (template_hash(RICH, None), template_hash(RICH, 3)) == ("546968d695", "7f6b6ff7d8")


def limits(amount):
    text = dump_template({"spec": {"containers": [{"resources": {"limits": {"cpu": amount}}}]}})
    return text.partition("map[cpu:")[2].partition("] Requests")[0]


@pytest.mark.parametrize(
    ("amount", "value", "scale", "text", "family"),
    [
        ("100m", 100, -3, "100m", "DecimalSI"),
        ("0", 0, 0, "0", "DecimalSI"),
        ("2k", 2, 3, "2k", "DecimalSI"),
        ("1Gi", 1 << 30, 0, "1Gi", "BinarySI"),
        ("8Gi", 8 << 30, 0, "", "BinarySI"),
    ],
)
def test_quantities_keep_their_spelling_where_upstream_does(amount, value, scale, text, family):
    assert limits(amount) == (
        f"{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){family}}}"
    )


def test_what_is_empty_is_absent_but_for_structs_that_were_given():
    assert dump_template({"metadata": {"labels": {}}, "spec": {"volumes": [], "containers": []}}) == dump_template({})
    given = dump_template({"spec": {"securityContext": {}}})
    assert "SecurityContext:(*v1.PodSecurityContext){SELinuxOptions:(*v1.SELinuxOptions)<nil>" in given
    assert "SecurityContext:(*v1.PodSecurityContext)<nil>" in dump_template({})


def test_ports_are_numbers_or_names():
    probe = {"httpGet": {"port": "http"}, "tcpSocket": {"port": 80}}
    text = dump_template({"spec": {"containers": [{"livenessProbe": probe}]}})
    assert "Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)http}" in text
    assert "Port:(intstr.IntOrString){Type:(intstr.Type)0 IntVal:(int32)80 StrVal:(string)}" in text
