from __future__ import annotations

from steersman.api.core.podspec.gates import drop_disabled


def _pod():
    return {
        "metadata": {"annotations": {"pod.beta.kubernetes.io/init-containers": "x", "a": "b"}},
        "spec": {
            "schedulingGroup": {"podGroupName": "g"},
            "volumes": [{"name": "v", "emptyDir": {"mode": 511}}],
            "containers": [
                {
                    "name": "c",
                    "livenessProbe": {"httpGet": {"port": 80, "protocol": "HTTP2"}},
                    "readinessProbe": {"grpc": {"port": 80, "mode": "TLS"}},
                    "lifecycle": {"stopSignal": "SIGTERM"},
                    "volumeMounts": [{"name": "v", "bindMountOptions": ["noexec"]}],
                }
            ],
        },
    }


def test_fields_of_features_that_are_off_are_dropped() -> None:
    pod = _pod()
    drop_disabled(pod, None)
    assert pod == {
        "metadata": {"annotations": {"a": "b"}},
        "spec": {
            "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [
                {
                    "name": "c",
                    "livenessProbe": {"httpGet": {"port": 80}},
                    "readinessProbe": {"grpc": {"port": 80}},
                    "volumeMounts": [{"name": "v"}],
                }
            ],
        },
    }


def test_what_the_old_object_uses_stays() -> None:
    pod = _pod()
    drop_disabled(pod, _pod())
    assert pod["spec"] == _pod()["spec"]
