"""Node: a machine that runs pods.

Invariants: podCIDR is the first of podCIDRs; both, and providerID, are set once. A node may be born with a status.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at, joined
from steersman.api.core.node_validation import validate, validate_status, validate_update
from steersman.api.meta.addresses import cidr_warnings
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

_ROLE_PREFIX, _ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"


def _default(obj: Object) -> None:
    status = obj.get("status") or {}
    if status.get("allocatable") is None and status.get("capacity") is not None:
        status["allocatable"] = dict(status["capacity"])
    spec = obj.get("spec") or {}
    single, several = spec.get("podCIDR") or "", spec.get("podCIDRs") or []
    if single and several[:1] != [single]:
        # The older field wins: its clients know no other.
        spec["podCIDRs"] = [single]
    elif several and several[0]:
        spec["podCIDR"] = several[0]


def _prepare_create(obj: Object, _ctx: Context) -> None:
    spec = obj.get("spec") or {}
    spec.pop("configSource", None)
    spec.pop("podPreemptionPolicy", None)
    (obj.get("status") or {}).pop("config", None)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    for name in ("configSource", "podPreemptionPolicy"):
        if at(old, "spec", name) is None:
            (new.get("spec") or {}).pop(name, None)


def _prepare_status(new: Object, old: Object, _ctx: Context) -> None:
    if at(old, "status", "config") is None:
        (new.get("status") or {}).pop("config", None)


def _warnings(new: Object, _old: Object | None) -> list[str]:
    spec = new.get("spec") or {}
    warnings = []
    if spec.get("configSource") is not None:
        warnings.append("spec.configSource: the feature is removed")
    if spec.get("externalID"):
        warnings.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    for index, text in enumerate(spec.get("podCIDRs") or ()):
        warnings += cidr_warnings(f"spec.podCIDRs[{index}]", text)
    return warnings


def _status(obj: Object, _now: datetime) -> str:
    state = "Unknown"
    for condition in at(obj, "status", "conditions", default=()):
        if condition.get("type") == "Ready":
            state = "Ready" if condition.get("status") == "True" else "NotReady"
    return f"{state},SchedulingDisabled" if at(obj, "spec", "unschedulable") else state


def _roles(obj: Object, _now: datetime) -> str:
    roles = set()
    for name, value in (obj["metadata"].get("labels") or {}).items():
        if name.startswith(_ROLE_PREFIX):
            roles.add(name.removeprefix(_ROLE_PREFIX))
        elif name == _ROLE_LABEL:
            roles.add(value)
    return joined(sorted(roles - {""}))


def _address(obj: Object, kind: str) -> str:
    addresses = at(obj, "status", "addresses", default=())
    return next((str(each.get("address", "")) for each in addresses if each.get("type") == kind), "<none>")


def _info(obj: Object, name: str) -> str:
    return at(obj, "status", "nodeInfo", name, default="") or "<unknown>"


def _kernel(obj: Object, _now: datetime) -> str:
    architecture = at(obj, "status", "nodeInfo", "architecture")
    return _info(obj, "kernelVersion") + (f" ({architecture})" if architecture else "")


def _unschedulable(obj: Object) -> str:
    return "true" if at(obj, "spec", "unschedulable") else "false"


NODES = Resource(
    group="",
    version="v1",
    kind="Node",
    plural="nodes",
    singular="node",
    short_names=("no",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.core.v1.Node"),
    storage_prefix="minions",
    subresources=(
        Subresource(name="proxy", verbs=("create", "delete", "get", "patch", "update"), kind="NodeProxyOptions"),
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(validate_status, prepare=_prepare_status),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=validate,
        validate_update=validate_update,
        warnings=_warnings,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Status", "string", _status),
        Column("Roles", "string", _roles),
        AGE,
        Column("Version", "string", lambda obj, _now: at(obj, "status", "nodeInfo", "kubeletVersion", default="")),
        Column("Internal-IP", "string", lambda obj, _now: _address(obj, "InternalIP"), priority=1),
        Column("External-IP", "string", lambda obj, _now: _address(obj, "ExternalIP"), priority=1),
        Column("OS-Image", "string", lambda obj, _now: _info(obj, "osImage"), priority=1),
        Column("Kernel-Version", "string", _kernel, priority=1),
        Column("Container-Runtime", "string", lambda obj, _now: _info(obj, "containerRuntimeVersion"), priority=1),
    ),
    selectable=(("spec.unschedulable", _unschedulable),),
    unknown_selector="field label not supported: {}",
)
