from __future__ import annotations

from steersman.api.core.podspec.defaults import default_pod, default_pod_spec, default_template


def _pod(**spec):
    pod = {"spec": {"containers": [{"name": "c", "image": "img:1"}]} | spec}
    default_pod(pod)
    return pod["spec"]


def test_a_minimal_pod() -> None:
    assert _pod() == {
        "containers": [
            {
                "name": "c",
                "image": "img:1",
                "imagePullPolicy": "IfNotPresent",
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }


def test_defaults_are_idempotent() -> None:
    spec = _pod(volumes=[{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}}])
    again = {"spec": spec}
    before = repr(again)
    default_pod(again)
    assert repr(again) == before


def test_requests_follow_limits_in_pods_but_not_in_templates() -> None:
    limits = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}
    assert _pod(containers=[{"name": "c", "resources": limits}])["containers"][0]["resources"]["requests"] == {
        "cpu": "500m",
        "memory": "1Gi",
    }
    template = {"spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1"}}}]}}
    default_template(template)
    assert "requests" not in template["spec"]["containers"][0]["resources"]


def test_amounts_are_rounded_up_to_thousandths() -> None:
    spec = {"containers": [{"name": "c", "resources": {"limits": {"cpu": "100u", "memory": "1Gi"}}}]}
    default_pod_spec(spec)
    assert spec["containers"][0]["resources"]["limits"] == {"cpu": "1m", "memory": "1Gi"}


def test_a_probe_gets_its_numbers_even_when_it_is_empty() -> None:
    (container,) = _pod(containers=[{"name": "c", "livenessProbe": {}}])["containers"]
    assert container["livenessProbe"] == {
        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
    }  # fmt: skip


def test_actions_over_http_get_path_and_scheme() -> None:
    hook = {"preStop": {"httpGet": {"port": 80}}}
    (container,) = _pod(containers=[{"name": "c", "lifecycle": hook}])["containers"]
    assert container["lifecycle"]["preStop"]["httpGet"] == {"port": 80, "path": "/", "scheme": "HTTP"}


def test_a_volume_without_a_source_is_an_empty_dir() -> None:
    assert _pod(volumes=[{"name": "v"}])["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_files_are_readable_by_all_and_tokens_last_an_hour() -> None:
    sources = [{"serviceAccountToken": {"path": "t"}}]
    volumes = _pod(volumes=[{"name": "v", "projected": {"sources": sources}}, {"name": "h", "hostPath": {"path": "/"}}])
    assert volumes["volumes"] == [
        {
            "name": "v",
            "projected": {
                "defaultMode": 420,
                "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
            },
        },
        {"name": "h", "hostPath": {"path": "/", "type": ""}},
    ]


def test_in_the_hosts_network_ports_are_ports_of_the_host() -> None:
    spec = _pod(hostNetwork=True, containers=[{"name": "c", "ports": [{"containerPort": 80}]}])
    assert spec["containers"][0]["ports"][0]["hostPort"] == 80


def test_a_negative_grace_period_counts_as_one_second() -> None:
    assert _pod(terminationGracePeriodSeconds=-5)["terminationGracePeriodSeconds"] == 1


def test_both_names_of_the_service_account_follow_each_other() -> None:
    assert _pod(serviceAccount="a")["serviceAccountName"] == "a"
    assert _pod(serviceAccountName="b", serviceAccount="a")["serviceAccount"] == "b"


def test_one_address_makes_the_list_and_the_list_makes_the_one() -> None:
    pod = {"status": {"podIP": "1.2.3.4", "podIPs": [{"ip": "4.3.2.1"}]}}
    default_pod(pod)
    assert pod["status"]["podIPs"] == [{"ip": "1.2.3.4"}]
    pod = {"status": {"podIPs": [{"ip": "4.3.2.1"}]}}
    default_pod(pod)
    assert pod["status"]["podIP"] == "4.3.2.1"
