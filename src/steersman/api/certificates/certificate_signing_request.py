"""CertificateSigningRequest: asks a signer for a certificate.

Invariants: the spec says who has asked and never changes; a request is approved or denied through `approval` alone, and
gets its certificate, once, through `status` alone. Upstream differences: a request that cannot be read is refused in
other words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.certificates.keys import decoded, pem_certificate_problem, pem_request_problem
from steersman.api.certificates.signer_names import validate_signer_name
from steersman.api.columns import age_of, at
from steersman.api.core.podspec.validation.common import one_of
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, not_supported, required
from steersman.api.meta.age import human_duration
from steersman.api.meta.names import name_is_path_segment
from steersman.api.meta.times import format_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
EXPIRATION_S_MIN = 600
_DECISIONS = ("Approved", "Denied")
_ONLY_TRUE = (*_DECISIONS, "Failed")
_STATUSES = ("False", "True", "Unknown")
_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip


def _prepare_create(obj: Object, ctx: Context) -> None:
    spec = obj.setdefault("spec", {})
    who = {
        "username": ctx.user,
        "uid": ctx.uid,
        "groups": list(ctx.groups),
        "extra": {name: list(values) for name, values in ctx.extra},
    }
    for name, value in who.items():
        spec.pop(name, None)
        if value:
            spec[name] = value
    obj["status"] = {}


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    new["spec"] = old["spec"]


# -- the views


def _conditions(obj: Object) -> list[Object]:
    found: list[Object] = at(obj, "status", "conditions", default=[])
    return found


def _of_kind(obj: Object, kind: str) -> list[int]:
    return [index for index, condition in enumerate(_conditions(obj)) if condition.get("type") == kind]


def _stamp(new: Object, old: Object, ctx: Context) -> None:
    """A condition without times has just come about, unless an equal one was there."""
    now = format_time(ctx.now)
    for condition in _conditions(new):
        condition["lastUpdateTime"] = condition.get("lastUpdateTime") or now
        if not condition.get("lastTransitionTime"):
            before = (
                was["lastTransitionTime"]
                for was in _conditions(old)
                if (was.get("type"), was.get("status")) == (condition.get("type"), condition.get("status"))
                and was.get("lastTransitionTime")
            )
            condition["lastTransitionTime"] = next(before, now)


def _prepare_status(new: Object, old: Object, ctx: Context) -> None:
    for kind in _DECISIONS:
        places, before = _of_kind(new, kind), _of_kind(old, kind)
        if len(places) == len(before):
            for place, was in zip(places, before, strict=True):
                _conditions(new)[place] = dict(_conditions(old)[was])
    _stamp(new, old, ctx)


def _prepare_approval(new: Object, old: Object, ctx: Context) -> None:
    _stamp(new, old, ctx)
    status = {name: value for name, value in (old.get("status") or {}).items() if name != "conditions"}
    if conditions := _conditions(new):
        status["conditions"] = conditions
    new["spec"], new["status"] = old["spec"], status


# -- rules


def _validate(obj: Object) -> list[FieldError]:
    return _judge(obj, None) + _declared(obj, None)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _judge_update(new, old, decides=False, issues=False)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    return _judge_update(new, old, decides=False, issues=True)


def _validate_approval(new: Object, old: Object) -> list[FieldError]:
    return _judge_update(new, old, decides=True, issues=False)


def _judge(obj: Object, old: Object | None) -> list[FieldError]:
    """What is stored and breaks a rule may go on breaking it."""
    spec = obj.get("spec") or {}
    before = (old or {}).get("spec") or {}
    errors: list[FieldError] = []
    if problem := pem_request_problem(decoded(spec.get("request"))):
        errors.append(invalid("spec.request", spec.get("request"), problem))
    errors += _validate_usages(spec.get("usages") or [], before.get("usages") or [])
    signer = spec.get("signerName") or ""
    if signer == LEGACY_SIGNER != before.get("signerName"):
        errors.append(invalid("spec.signerName", signer, "the legacy signerName is not allowed via this API version"))
    else:
        errors += validate_signer_name(signer, "spec.signerName")
    lifetime_s = spec.get("expirationSeconds")
    if lifetime_s is not None and lifetime_s < EXPIRATION_S_MIN:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        errors.append(invalid("spec.expirationSeconds", lifetime_s, detail))
    errors += _validate_conditions(_conditions(obj), _conditions(old or {}))
    certificate, was = at(obj, "status", "certificate"), at(old or {}, "status", "certificate")
    kept = old is not None and (certificate or "") == (was or "")
    if kept or pem_certificate_problem(decoded(was)):
        return errors
    if problem := pem_certificate_problem(decoded(certificate)):
        errors.append(invalid("status.certificate", "<certificate data>", problem))
    return errors


def _validate_usages(usages: Sequence[str], before: Sequence[str]) -> list[FieldError]:
    path = "spec.usages"
    errors = [] if usages else [required(path)]
    if set(before) <= set(_USAGES):
        for index, usage in enumerate(usages):
            errors += one_of(usage, f"{path}[{index}]", _USAGES)
    if len(set(before)) == len(before):
        errors += [
            duplicate(f"{path}[{index}]", usage) for index, usage in enumerate(usages) if usage in usages[:index]
        ]
    return errors


def _validate_conditions(conditions: Sequence[Object], before: Sequence[Object]) -> list[FieldError]:
    errors: list[FieldError] = []
    kinds_before = [condition.get("type") or "" for condition in before]
    unique = len(set(kinds_before)) == len(kinds_before)
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        path, kind, status = f"status.conditions[{index}]", condition.get("type") or "", condition.get("status") or ""
        if not kind and "" not in kinds_before:
            errors.append(required(f"{path}.type"))
        allowed = ("True",) if kind in _ONLY_TRUE else _STATUSES
        if not status:
            errors.append(required(f"{path}.status"))
        elif status not in allowed:
            errors.append(not_supported(f"{path}.status", status, allowed))
        if unique and kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.add(kind)
    return errors


def _declared(new: Object, old: Object | None) -> list[FieldError]:
    """Declared at the type, so told last: a request is not approved and denied at once."""
    decided = [kind for kind in _DECISIONS if _of_kind(new, kind)]
    before = [kind for kind in _DECISIONS if _of_kind(old or {}, kind)]
    if len(decided) < len(_DECISIONS) or decided == before:
        return []
    members = [f'conditions[{{"type": "{kind}"}}]' for kind in _DECISIONS]
    names = ", ".join(f"`{member}`" for member in members)
    detail = f"must specify at most one of: {names}"
    return [invalid("status.conditions", f"{{{', '.join(members)}}}", detail)]


def _judge_update(new: Object, old: Object, *, decides: bool, issues: bool) -> list[FieldError]:
    errors = _judge(new, old)
    path = "status.conditions"
    for kind in _ONLY_TRUE:
        if len(_of_kind(new, kind)) < len(_of_kind(old, kind)):
            errors.append(forbidden(path, f'updates may not remove a condition of type "{kind}"'))
    if not decides:
        for kind in _DECISIONS:
            if len(_of_kind(new, kind)) > len(_of_kind(old, kind)):
                errors.append(forbidden(path, f'updates may not add a condition of type "{kind}"'))
    certificate, was = (at(obj, "status", "certificate", default="") for obj in (new, old))
    if certificate != was:
        if not issues:
            errors.append(forbidden("status.certificate", "updates may not set certificate content"))
        elif was:
            errors.append(forbidden("status.certificate", "updates may not modify existing certificate content"))
    return errors + _declared(new, old)


# -- the table


def _signer(obj: Object, _now: datetime) -> str:
    return at(obj, "spec", "signerName") or "<none>"


def _duration(obj: Object, _now: datetime) -> str:
    seconds = at(obj, "spec", "expirationSeconds")
    return "<none>" if seconds is None else human_duration(seconds)


def _condition(obj: Object, _now: datetime) -> str:
    kinds = {condition.get("type") for condition in _conditions(obj)}
    text = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    text += ",Failed" if "Failed" in kinds else ""
    return f"{text},Issued" if at(obj, "status", "certificate") else text


CERTIFICATE_SIGNING_REQUESTS = Resource(
    group="certificates.k8s.io",
    version="v1",
    kind="CertificateSigningRequest",
    plural="certificatesigningrequests",
    singular="certificatesigningrequest",
    short_names=("csr",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.certificates.v1.CertificateSigningRequest"),
    subresources=(
        Subresource(
            name="approval",
            verbs=("get", "patch", "update"),
            update=UpdateStrategy(
                prepare=_prepare_approval,
                validate=_validate_approval,
                reset_fields=(("spec",), ("status", "certificate")),
            ),
        ),
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=replace(
                status_view(_validate_status, prepare=_prepare_status),
                reset_fields=(("spec",), ("status", "conditions")),
            ),
        ),
    ),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("spec",), ("status",)),
    ),
    columns=(
        Column("Age", "string", age_of),
        Column("SignerName", "string", _signer),
        Column("Requestor", "string", lambda obj, _now: at(obj, "spec", "username", default="")),
        Column("RequestedDuration", "string", _duration),
        Column("Condition", "string", _condition),
    ),
    selectable=(("spec.signerName", lambda obj: at(obj, "spec", "signerName", default="")),),
    unknown_selector="field label not supported: {}",
)
