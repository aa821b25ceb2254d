"""CSIDriver: how a CSI volume driver wants to be treated.

Invariants: attachRequired and volumeLifecycleModes never change; audiences of token requests are unique.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.columns import AGE, at
from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object

_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_MODES = ("Persistent", "Ephemeral")
_DEFAULTS = (
    ("attachRequired", True),
    ("podInfoOnMount", False),
    ("storageCapacity", False),
    ("fsGroupPolicy", "ReadWriteOnceWithFSType"),
    ("requiresRepublish", False),
    ("seLinuxMount", False),
    ("preventPodSchedulingIfMissing", False),
)
EXPIRATION_S_MIN = 600
EXPIRATION_S_MAX = 1 << 32
ALLOCATABLE_PERIOD_S_MIN = 10
_TOKENS_IN_SECRETS = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
    "logging of tokens in volume attributes"
)


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    for name, value in _DEFAULTS:
        if spec.get(name) is None:
            spec[name] = value
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    """The generation counts changes only: a new driver has none."""
    if new["spec"] != old["spec"]:
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _validate(obj: Object) -> list[FieldError]:
    spec = obj["spec"]
    errors: list[FieldError] = []
    for name, shown in (
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ):
        if spec.get(name) is None:
            errors.append(required(f"spec.{shown}"))
    if spec["fsGroupPolicy"] not in _GROUP_POLICIES:
        errors.append(not_supported("spec.fsGroupPolicy", spec["fsGroupPolicy"], _GROUP_POLICIES))
    requests = spec.get("tokenRequests") or []
    errors += _validate_token_requests(requests)
    errors += [
        not_supported("spec.volumeLifecycleModes", mode, _MODES)
        for mode in spec.get("volumeLifecycleModes") or ()
        if mode not in _MODES
    ]
    if spec.get("seLinuxMount") is None:
        errors.append(required("spec.seLinuxMount"))
    period_s, in_secrets = spec.get("nodeAllocatableUpdatePeriodSeconds"), spec.get("serviceAccountTokenInSecrets")
    if period_s is not None and period_s < ALLOCATABLE_PERIOD_S_MIN:
        detail = f"must be greater than or equal to {ALLOCATABLE_PERIOD_S_MIN} seconds"
        errors.append(invalid("spec.nodeAllocatableUpdatePeriodSeconds", period_s, detail))
    if in_secrets is not None and not requests:
        detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        errors.append(invalid("spec.serviceAccountTokenInSecrets", in_secrets, detail))
    if spec.get("preventPodSchedulingIfMissing") is None:
        errors.append(required("spec.preventPodSchedulingIfMissing"))
    return errors


def _validate_token_requests(requests: list[Object]) -> list[FieldError]:
    errors: list[FieldError] = []
    audiences: set[str] = set()
    for index, request in enumerate(requests):
        path, audience = f"spec.tokenRequests[{index}]", request.get("audience") or ""
        if audience in audiences:
            errors.append(duplicate(f"{path}.audience", audience))
            continue
        audiences.add(audience)
        expiration_s = request.get("expirationSeconds")
        if expiration_s is not None and expiration_s < EXPIRATION_S_MIN:
            detail = "may not specify a duration less than 10 minutes"
            errors.append(invalid(f"{path}.expirationSeconds", expiration_s, detail))
        if expiration_s is not None and expiration_s > EXPIRATION_S_MAX:
            detail = "may not specify a duration larger than 2^32 seconds"
            errors.append(invalid(f"{path}.expirationSeconds", expiration_s, detail))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new["spec"], old["spec"]
    errors = _validate(new)
    errors += immutable(spec.get("attachRequired"), before.get("attachRequired"), "spec.attachedRequired")
    name = "volumeLifecycleModes"
    return errors + immutable(spec.get(name), before.get(name), f"spec.{name}")


def _warnings(obj: Object, old: Object | None) -> list[str]:
    """When tokens are newly asked for, and nothing is said about where they go."""
    requests = at(obj, "spec", "tokenRequests")
    if not requests or at(obj, "spec", "serviceAccountTokenInSecrets") is not None:
        return []
    if old is not None and requests == at(old, "spec", "tokenRequests"):
        return []
    return [_TOKENS_IN_SECRETS]


def _cell(name: str, default: Any) -> Callable[[Object, datetime], Any]:
    return lambda obj, _now: at(obj, "spec", name, default=default)


def _token_requests(obj: Object, _now: datetime) -> str:
    requests = at(obj, "spec", "tokenRequests")
    return "<unset>" if requests is None else ",".join(request.get("audience") or "" for request in requests)


def _modes(obj: Object, _now: datetime) -> str:
    return ",".join(at(obj, "spec", "volumeLifecycleModes", default=())) or "<none>"


CSI_DRIVERS = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSIDriver",
    plural="csidrivers",
    singular="csidriver",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.CSIDriver"),
    strategy=Strategy(
        default=_default,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
    columns=(
        Column("AttachRequired", "boolean", _cell("attachRequired", default=True)),
        Column("PodInfoOnMount", "boolean", _cell("podInfoOnMount", default=False)),
        Column("StorageCapacity", "boolean", _cell("storageCapacity", default=False)),
        Column("TokenRequests", "string", _token_requests),
        Column("RequiresRepublish", "boolean", _cell("requiresRepublish", default=False)),
        Column("Modes", "string", _modes),
        AGE,
    ),
)
