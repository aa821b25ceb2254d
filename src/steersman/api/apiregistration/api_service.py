"""APIService: a group version that an extension server serves, or this server itself.

Invariants: it is named `<version>.<group>`; those of this server are always available.
Upstream differences: none known.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.errors import FieldError, go_quote, invalid, not_supported, required
from steersman.api.meta.names import dns1035_label, dns1123_subdomain, path_segment, port_number
from steersman.api.meta.times import format_time
from steersman.api.meta.webhook_client import default_service
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

GROUP_PRIORITY_MAX = 20000
VERSION_PRIORITY_MAX = 1000
_STATUSES = ("True", "False", "Unknown")


def _default(obj: Object) -> None:
    service = at(obj, "spec", "service")
    if service is not None:
        default_service(service)


def _prepare_create(obj: Object, ctx: Context) -> None:
    obj["status"] = {}
    if at(obj, "spec", "service") is None:
        available = {
            "type": "Available",
            "status": "True",
            "lastTransitionTime": format_time(ctx.now),
            "reason": "Local",
            "message": "Local APIServices are always available",
        }
        obj["status"]["conditions"] = [available]


def _name_rule(obj: Object) -> Callable[[str, bool], list[str]]:
    spec = obj.get("spec") or {}
    needed = f"{spec.get('version') or ''}.{spec.get('group') or ''}"

    def judge(name: str, _prefix: bool) -> list[str]:
        if problems := path_segment(name):
            return problems
        return [] if name == needed else [f'must be `spec.version+"."+spec.group`: {go_quote(needed)}']

    return judge


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    group, version = spec.get("group") or "", spec.get("version") or ""
    errors: list[FieldError] = []
    if not group and version != "v1":
        errors.append(required("spec.group", "only v1 may have an empty group and it better be legacy kube"))
    if group:
        errors += [invalid("spec.group", group, problem) for problem in dns1123_subdomain(group)]
    errors += [invalid("spec.version", version, problem) for problem in dns1035_label(version)]
    for name, limit in (("groupPriorityMinimum", GROUP_PRIORITY_MAX), ("versionPriority", VERSION_PRIORITY_MAX)):
        value = spec.get(name) or 0
        if not 0 < value <= limit:
            errors.append(invalid(f"spec.{name}", value, f"must be positive and less than {limit}"))
    bundle, insecure = spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify"))
    service = spec.get("service")
    if service is None:
        if bundle:
            size = f"{len(base64.b64decode(bundle))} bytes"
            errors.append(invalid("spec.caBundle", size, "local APIServices may not have a caBundle"))
        if insecure:
            detail = "local APIServices may not have insecureSkipTLSVerify"
            errors.append(invalid("spec.insecureSkipTLSVerify", insecure, detail))
        return errors
    errors += [required(f"spec.service.{name}") for name in ("namespace", "name") if not service.get(name)]
    port = service.get("port") or 0
    if problems := port_number(port):
        errors.append(invalid("spec.service.port", port, f"port is not valid: {', '.join(problems)}"))
    if insecure and bundle:
        errors.append(invalid("spec.insecureSkipTLSVerify", insecure, "may not be true if caBundle is present"))
    return errors


def _validate_update(new: Object, _old: Object) -> list[FieldError]:
    name = new["metadata"].get("name") or ""
    problems = _name_rule(new)(name, False)
    return [invalid("metadata.name", name, problem) for problem in problems] + _validate(new)


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    return [
        not_supported(f"status.conditions[{index}].status", condition.get("status") or "", _STATUSES)
        for index, condition in enumerate(at(new, "status", "conditions", default=()))
        if condition.get("status") not in _STATUSES
    ]


def _service(obj: Object, _now: datetime) -> str:
    service = at(obj, "spec", "service")
    return "Local" if service is None else f"{service.get('namespace', '')}/{service.get('name', '')}"


def _available(obj: Object, _now: datetime) -> str:
    conditions = at(obj, "status", "conditions", default=())
    found = next((each for each in conditions if each.get("type") == "Available"), None)
    if found is None:
        return "Unknown"
    status, reason = found.get("status", ""), found.get("reason", "")
    return f"{status} ({reason})" if status != "True" and reason else str(status)


API_SERVICES = Resource(
    group="apiregistration.k8s.io",
    version="v1",
    kind="APIService",
    plural="apiservices",
    singular="apiservice",
    categories=("api-extensions",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService"),
    storage_prefix="apiregistration.k8s.io/apiservices",
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        name_rule=_name_rule,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=(Column("Service", "string", _service), Column("Available", "string", _available), AGE),
)
