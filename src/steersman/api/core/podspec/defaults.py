"""Defaults of a pod spec that no schema declares: those that depend on other fields, or on where the spec stands.

Idempotent; changes the spec that it is given. Upstream: pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.images import default_pull_policy
from steersman.api.core.podspec.walk import all_containers, probes_and_handlers
from steersman.api.meta.quantity import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

_FILE_MODE = 0o644
_MODE_SOURCES = ("secret", "configMap", "downwardAPI", "projected")
_PROBES = (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3))
_MILLI_EXACT = ("m", "k", "M", "G", "T", "P", "E", "i")


def default_template(template: Object | None) -> None:
    """A pod template, which has fewer defaults than a pod."""
    if template is not None and template.get("spec") is not None:
        default_pod_spec(template["spec"])


def default_pod(pod: Object) -> None:
    """A whole Pod: its spec, what only pods get, and its status."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for container in _ordinary(spec):
        _requests_from_limits(container)
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        for container in _ordinary(spec):
            _host_ports(container)
    if pod.get("status"):
        default_pod_status(pod["status"])


def default_pod_status(status: Object) -> None:
    """The fields podIP and podIPs follow each other; podIP wins, for the sake of older kubelets."""
    single, several = status.get("podIP"), status.get("podIPs")
    if single and (not several or several[0].get("ip") != single):
        status["podIPs"] = [{"ip": single}]
    elif several and not single and several[0].get("ip"):
        status["podIP"] = several[0]["ip"]


def default_pod_spec(spec: Object) -> None:
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name
    for field, value in (("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always")):
        if not spec.get(field):
            spec[field] = value
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    if not spec.get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for container in all_containers(spec):
        default_container(container)
    round_up(spec.get("overhead"))
    for kind in ("requests", "limits"):
        round_up((spec.get("resources") or {}).get(kind))


def default_container(container: Object) -> None:
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = default_pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    for variable in container.get("env") or ():
        if (field := (variable.get("valueFrom") or {}).get("fieldRef")) is not None:
            _field_ref(field)
    for handler in probes_and_handlers(container):
        _handler(handler)
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if (probe := container.get(name)) is not None:
            for field, value in _PROBES:
                if not probe.get(field):
                    probe[field] = value
    for kind in ("requests", "limits"):
        round_up((container.get("resources") or {}).get(kind))


def _handler(handler: Object) -> None:
    if (action := handler.get("httpGet")) is not None:
        if not action.get("path"):
            action["path"] = "/"
        if not action.get("scheme"):
            action["scheme"] = "HTTP"


def _field_ref(field: Object) -> None:
    if not field.get("apiVersion"):
        field["apiVersion"] = "v1"


def default_volume(volume: Object) -> None:
    """A volume without a source is an emptyDir; modes of files; pull policy of image volumes."""
    if not any(value is not None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
    for name in _MODE_SOURCES:
        source = volume.get(name)
        if source is not None:
            source.setdefault("defaultMode", _FILE_MODE)
    _downward_items((volume.get("downwardAPI") or {}).get("items"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        if (token := source.get("serviceAccountToken")) is not None:
            token.setdefault("expirationSeconds", 3600)
        _downward_items((source.get("downwardAPI") or {}).get("items"))
    if (host_path := volume.get("hostPath")) is not None:
        host_path.setdefault("type", "")
    if (image := volume.get("image")) is not None and not image.get("pullPolicy"):
        image["pullPolicy"] = default_pull_policy(image.get("reference") or "")
    if (template := (volume.get("ephemeral") or {}).get("volumeClaimTemplate")) is not None:
        default_claim_spec(template.setdefault("spec", {}))


def default_claim_spec(spec: Object) -> None:
    """A PersistentVolumeClaimSpec, in a claim or a template of one."""
    spec.setdefault("volumeMode", "Filesystem")
    for kind in ("requests", "limits"):
        round_up((spec.get("resources") or {}).get(kind))


def _downward_items(items: Iterable[Object] | None) -> None:
    for item in items or ():
        if (field := item.get("fieldRef")) is not None:
            _field_ref(field)


def round_up(resources: Object | None) -> None:
    """Amounts are kept in thousandths at most."""
    for name, text in (resources or {}).items():
        if text.isdecimal() or text.endswith(_MILLI_EXACT):
            continue
        quantity = parse(text)
        if quantity.scale < -3:
            rounded = quantity.scaled_value(-3)
            resources[name] = canonical(f"{rounded}m")  # type: ignore[index]


def _ordinary(spec: Object) -> Iterable[Object]:
    return (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))


def _requests_from_limits(container: Object) -> None:
    resources = container.get("resources") or {}
    if resources.get("limits") is None:
        return
    requests = resources.setdefault("requests", {})
    for name, amount in resources["limits"].items():
        requests.setdefault(name, amount)


def _host_ports(container: Object) -> None:
    for port in container.get("ports") or ():
        if not port.get("hostPort") and port.get("containerPort"):
            port["hostPort"] = port["containerPort"]
