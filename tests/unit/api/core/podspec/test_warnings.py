from __future__ import annotations

import pytest

from steersman.api.core.podspec.warnings import pod_warnings, template_warnings


def _pod(**spec):
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]} | spec}


def test_an_ordinary_pod_gives_no_warning() -> None:
    assert pod_warnings(_pod()) == []


@pytest.mark.parametrize(
    ("spec", "warning"),
    [
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        ),
        (
            {"volumes": [{"name": "v", "gitRepo": {"repository": "r"}}]},
            "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "z"}]},
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
        ),
        (
            {"containers": [{"name": "c", "resources": {"limits": {"memory": "100m"}}}]},
            'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
        ),
        (
            {"containers": [{"name": "c", "env": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}]},
            'spec.containers[0].env[1]: hides previous definition of "a", which may be dropped when using apply',
        ),
        (
            {"containers": [{"name": "c", "ports": [{"containerPort": 1, "protocol": "TCP"}] * 2}]},
            "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
        ),
        (
            {"hostAliases": [{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}]},
            'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
        ),
        (
            {"imagePullSecrets": [{}]},
            'spec.imagePullSecrets[0].name: invalid empty name ""',
        ),
    ],
)  # fmt: skip
def test_suspicious_fields_are_warned_of(spec, warning) -> None:
    assert pod_warnings(_pod(**spec)) == [warning]


def test_a_variable_that_extends_itself_hides_nothing() -> None:
    env = [{"name": "P", "value": "/a"}, {"name": "P", "value": "$(P):/b"}]
    assert pod_warnings(_pod(containers=[{"name": "c", "env": env}])) == []


def test_files_that_hide_each_other() -> None:
    items = [{"key": "a", "path": "x/y"}, {"key": "b", "path": "x"}]
    (warning,) = pod_warnings(_pod(volumes=[{"name": "v", "configMap": {"name": "m", "items": items}}]))
    assert warning == 'volume "v" (ConfigMap "m"): overlapping paths: "x" with "x/y"'


def test_templates_name_their_own_path() -> None:
    template = _pod(terminationGracePeriodSeconds=-1)
    assert template_warnings(template, "spec.template") == [
        (
            "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be "
            "treated as 1"
        )
    ]
