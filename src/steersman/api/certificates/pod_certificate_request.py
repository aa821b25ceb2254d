"""PodCertificateRequest: asks a signer for a pod's certificate.

Invariants: the spec never changes; its status changes once, when it is issued, denied or failed. Upstream differences:
a certificate may begin at any time, may name any e-mail address, and is not checked against the `sign` permission here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.api.certificates.keys import CERTIFICATE, decoded, is_certificate, requested_key, stub_request_problem
from steersman.api.certificates.signer_names import is_kubernetes_signer, validate_signer_name
from steersman.api.columns import at, labels_text
from steersman.api.core.podspec.validation.common import each
from steersman.api.errors import OMIT, FieldError, invalid, not_supported, required, too_long
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.domains import domain_prefixed_key
from steersman.api.meta.names import byte_length, name_is_dns_subdomain
from steersman.api.meta.object_meta import ANNOTATIONS_BYTES_MAX, IMMUTABLE
from steersman.api.meta.times import format_time, parse_time
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import clear_status, status_view
from steersman.lib.certificate import Certificate, CertificateError, parse_certificate
from steersman.lib.pem import blocks

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

UID_BYTES_MAX = 128
STUB_BYTES_MAX = 10 * 1024
CHAIN_BYTES_MAX = 100 * 1024
EXPIRATION_S_MIN, EXPIRATION_S_MAX, KUBERNETES_EXPIRATION_S_MAX = 3600, 91 * 86400, 86400
_ENDS = ("Issued", "Denied", "Failed")
_CHAIN = "status.certificateChain"
_REFRESH_MARGIN = timedelta(minutes=10)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = validate_signer_name(spec.get("signerName") or "", "spec.signerName")
    annotations = spec.get("unverifiedUserAnnotations") or {}
    for key in annotations:
        errors += domain_prefixed_key("spec.unverifiedUserAnnotations", key.lower())
    if sum(byte_length(key) + byte_length(value) for key, value in annotations.items()) > ANNOTATIONS_BYTES_MAX:
        errors.append(too_long("spec.unverifiedUserAnnotations", ANNOTATIONS_BYTES_MAX))
    for what in ("pod", "serviceAccount", "node"):
        name, uid = spec.get(f"{what}Name") or "", spec.get(f"{what}UID") or ""
        errors += each(f"spec.{what}Name", name, name_is_dns_subdomain(name))
        if not uid:
            errors.append(invalid(f"spec.{what}UID", uid, "must not be empty"))
        if byte_length(uid) > UID_BYTES_MAX:
            errors.append(too_long(f"spec.{what}UID", UID_BYTES_MAX))
    lifetime_s = spec.get("maxExpirationSeconds")
    if lifetime_s is None:
        return [*errors, required("spec.maxExpirationSeconds", "must be set")]
    ours = is_kubernetes_signer(spec.get("signerName") or "")
    limit = KUBERNETES_EXPIRATION_S_MAX if ours else EXPIRATION_S_MAX
    if not EXPIRATION_S_MIN <= lifetime_s <= limit:
        detail = f"must be in the range [{EXPIRATION_S_MIN}, {limit}]"
        errors.append(invalid("spec.maxExpirationSeconds", lifetime_s, detail))
    stub = decoded(spec.get("stubPKCS10Request"))
    if not stub:
        detail = "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"
        return [*errors, invalid("spec", OMIT, detail)]
    if len(stub) > STUB_BYTES_MAX:
        return [*errors, too_long("spec.stubPKCS10Request", STUB_BYTES_MAX)]
    shown, problem = stub_request_problem(stub)
    if problem:
        errors.append(invalid("spec.stubPKCS10Request", OMIT if shown is None else shown, problem))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    shown = _go_spec(new.get("spec") or {})
    return [] if shown == _go_spec(old.get("spec") or {}) else [invalid("spec", shown, IMMUTABLE)]


def _go_spec(spec: Object) -> Object:
    """As messages show it: Go's names, in the order of the Go type."""
    return {
        "SignerName": spec.get("signerName") or "",
        "PodName": spec.get("podName") or "",
        "PodUID": spec.get("podUID") or "",
        "ServiceAccountName": spec.get("serviceAccountName") or "",
        "ServiceAccountUID": spec.get("serviceAccountUID") or "",
        "NodeName": spec.get("nodeName") or "",
        "NodeUID": spec.get("nodeUID") or "",
        "MaxExpirationSeconds": spec.get("maxExpirationSeconds"),
        "PKIXPublicKey": None,
        "ProofOfPossession": None,
        "StubPKCS10Request": spec.get("stubPKCS10Request"),
        "UnverifiedUserAnnotations": spec.get("unverifiedUserAnnotations") or None,
    }


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status, before = new.get("status") or {}, old.get("status") or {}
    conditions = status.get("conditions") or []
    errors: list[FieldError] = []
    known = 0
    for index, condition in enumerate(conditions):
        path, kind = f"status.conditions.[{index}]", condition.get("type") or ""
        if kind not in _ENDS:
            errors.append(not_supported(f"{path}.type", kind, _ENDS))
            continue
        known += 1
        if known > 1:
            detail = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
            errors.append(invalid(f"{path}.type", kind, detail))
        if condition.get("status") != "True":
            errors.append(not_supported(f"{path}.status", condition.get("status") or "", ("True",)))
    errors += validate_conditions(conditions, "status.conditions")
    if errors:
        return errors
    if _ended(before):
        detail = "immutable after PodCertificateRequest is issued, denied, or failed"
        return [] if status == before else [invalid("status", OMIT, detail)]
    match _ended(status):
        case "Issued":
            return _validate_issued(status, old.get("spec") or {})
        case "Denied" | "Failed":
            detail = "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
            return [] if set(status) == {"conditions"} else [invalid("status", OMIT, detail)]
    detail = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'
    return [] if status == before else [invalid("status", OMIT, detail)]


def _ended(status: Object) -> str:
    held = {condition.get("type") for condition in status.get("conditions") or () if condition.get("status") == "True"}
    return next((kind for kind in ("Denied", "Failed", "Issued") if kind in held), "")


def _validate_issued(status: Object, spec: Object) -> list[FieldError]:
    """Upstream's order; like upstream's, the first thing wrong is the only one told, mostly."""
    chain = status.get("certificateChain") or ""
    if byte_length(chain) > CHAIN_BYTES_MAX:
        return [too_long(_CHAIN, CHAIN_BYTES_MAX)]
    found = list(blocks(chain.encode()))
    if not found:
        return [invalid(_CHAIN, chain, "issued certificate chain must contain at least one certificate")]
    leaf_block, *others = found
    if leaf_block.kind != CERTIFICATE:
        return [invalid(_CHAIN, chain, "issued certificate chain must consist entirely of CERTIFICATE PEM blocks")]
    try:
        leaf = parse_certificate(leaf_block.content)
    except CertificateError:
        return [invalid(_CHAIN, chain, "leaf certificate does not parse as valid X.509")]
    errors = _validate_names(leaf)
    if requested_key(decoded(spec.get("stubPKCS10Request"))) != leaf.public_key:
        return [*errors, invalid(_CHAIN, chain, "leaf certificate was not issued to the requested public key")]
    errors += [
        required(f"status.{name}", detail)
        for name, detail in (
            ("notBefore", "must be present and consistent with the issued certificate"),
            ("notAfter", "must be present and consistent with the issued certificate"),
            ("beginRefreshAt", "must be present and in the range [notbefore+10min, notafter-10min]"),
        )
        if not status.get(name)
    ]
    if errors or (errors := _validate_times(status, leaf, spec.get("maxExpirationSeconds") or 0)):
        return errors
    for block in others:
        if block.kind != CERTIFICATE:
            # Misspelled upstream.
            return [invalid(_CHAIN, chain, "issued certificate chain must consist entirely of CERTFICATE PEM blocks")]
        if not is_certificate(block.content):
            return [invalid(_CHAIN, chain, "intermediate certificate does not parse as valid X.509")]
    return []


def _validate_names(leaf: Certificate) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in leaf.names:
        if not name:
            errors.append(invalid(_CHAIN, name, "leaf certificate should not contain empty DNSName"))
        if ".." in name:
            errors.append(invalid(_CHAIN, name, "leaf certificate's DNSName should not contain '..'"))
        if name.startswith(".") or name.endswith("."):
            errors.append(invalid(_CHAIN, name, "leaf certificate's DNSName should not start or end with '.'"))
    return errors


def _validate_times(status: Object, leaf: Certificate, limit_s: int) -> list[FieldError]:
    begins, ends, refreshed = (parse_time(status[name]) for name in ("notBefore", "notAfter", "beginRefreshAt"))
    for name, told, held, go_name in (
        ("notBefore", begins, leaf.not_before, "NotBefore"),
        ("notAfter", ends, leaf.not_after, "NotAfter"),
    ):
        if told != held:
            detail = f"must be set to the {go_name} time encoded in the leaf certificate"
            return [invalid(f"status.{name}", format_time(told), detail)]
    lifetime = ends - begins
    nanoseconds = lifetime // timedelta(microseconds=1) * 1000
    if lifetime < timedelta(hours=1):
        return [invalid(_CHAIN, nanoseconds, "leaf certificate lifetime must be >= 1 hour")]
    if lifetime > timedelta(seconds=limit_s):
        detail = f"leaf certificate lifetime must be <= spec.maxExpirationSeconds ({limit_s})"
        return [invalid(_CHAIN, nanoseconds, detail)]
    if refreshed < begins + _REFRESH_MARGIN:
        detail = "must be at least 10 minutes after status.notBefore"
    elif refreshed > ends - _REFRESH_MARGIN:
        detail = "must be at least 10 minutes before status.notAfter"
    else:
        return []
    return [invalid("status.beginRefreshAt", format_time(refreshed), detail)]


def _state(obj: Object, _now: datetime) -> str:
    kinds = [each_one.get("type") for each_one in at(obj, "status", "conditions", default=())]
    return next((str(kind) for kind in reversed(kinds) if kind in _ENDS), "Pending")


def _text(name: str) -> Column:
    field = name[0].lower() + name[1:]
    return Column(name, "string", lambda obj, _now: at(obj, "spec", field, default=""))


POD_CERTIFICATE_REQUESTS = Resource(
    group="certificates.k8s.io",
    version="v1",
    kind="PodCertificateRequest",
    plural="podcertificaterequests",
    singular="podcertificaterequest",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.certificates.v1.PodCertificateRequest"),
    storage_version="v1beta1",
    subresources=(
        Subresource(
            name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status, keep_metadata=True)
        ),
    ),
    strategy=Strategy(
        prepare_create=clear_status,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
    columns=(
        _text("PodName"),
        _text("ServiceAccountName"),
        _text("NodeName"),
        _text("SignerName"),
        Column("State", "string", _state),
        Column(
            "UnverifiedUserAnnotations",
            "string",
            lambda obj, _now: labels_text(at(obj, "spec", "unverifiedUserAnnotations")),
        ),
    ),
    selectable=tuple(
        (f"spec.{name}", lambda obj, name=name: at(obj, "spec", name, default=""))  # type: ignore[misc]
        for name in ("signerName", "podName", "nodeName")
    ),
    unknown_selector="field label not supported: {}",
)
