"""ClusterTrustBundle: trust anchors for the whole cluster.

Invariants: it belongs to the same signer, or none, for ever, and its name says so; it holds certificates of
authorities, each once. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.keys import CERTIFICATE
from steersman.api.certificates.signer_names import validate_cluster_trust_bundle_name, validate_signer_name
from steersman.api.columns import at
from steersman.api.errors import FieldError, invalid, too_long
from steersman.api.meta.names import byte_length
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema
from steersman.lib.certificate import CertificateError, parse_certificate
from steersman.lib.pem import Block, blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

BUNDLE_BYTES_MAX = 1024 * 1024


def _signer(obj: Object) -> str:
    return str(at(obj, "spec", "signerName", default=""))


def _bundle(obj: Object) -> str:
    return str(at(obj, "spec", "trustBundle", default=""))


def _name_rule(obj: Object) -> Callable[[str, bool], list[str]]:
    signer = _signer(obj)
    return lambda name, prefix: validate_cluster_trust_bundle_name(name, signer, prefix=prefix)


def _validate(obj: Object) -> list[FieldError]:
    return _validate_signer(obj) + _validate_bundle(_bundle(obj), "spec.trustBundle")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    name = new["metadata"].get("name") or ""
    errors = [invalid("metadata.name", name, problem) for problem in _name_rule(new)(name, False)]
    errors += _validate_signer(new)
    if _bundle(new) != _bundle(old):
        errors += _validate_bundle(_bundle(new), "spec.trustBundle")
    return errors + immutable(_signer(new), _signer(old), "spec.signerName")


def _validate_signer(obj: Object) -> list[FieldError]:
    return validate_signer_name(_signer(obj), "spec.signerName") if _signer(obj) else []


def _validate_bundle(text: str, path: str) -> list[FieldError]:
    if byte_length(text) > BUNDLE_BYTES_MAX:
        return [too_long(path, BUNDLE_BYTES_MAX)]
    found: dict[bytes, list[int]] = {}
    problems = []
    for index, block in enumerate(blocks(text.encode())):
        if problem := _anchor_problem(block):
            problems.append(f"entry {index} {problem}")
        else:
            found.setdefault(block.content, []).append(index)
    if not problems and not found:
        problems.append("at least one trust anchor must be provided")
    elif not problems:
        problems += [
            f"duplicate trust anchor (indices [{' '.join(map(str, places))}])"
            for places in found.values()
            if len(places) > 1
        ]
    return [invalid(path, "<value omitted>", problem) for problem in problems]


def _anchor_problem(block: Block) -> str:
    if block.kind != CERTIFICATE:
        return f"has bad block type: {block.kind}"
    if block.has_headers:
        return "has PEM block headers"
    try:
        certificate = parse_certificate(block.content)
    except CertificateError:
        return "does not parse as X.509"
    return "" if certificate.is_ca else "does not have the CA bit set"


CLUSTER_TRUST_BUNDLES = Resource(
    group="certificates.k8s.io",
    version="v1",
    kind="ClusterTrustBundle",
    plural="clustertrustbundles",
    singular="clustertrustbundle",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.certificates.v1.ClusterTrustBundle"),
    storage_version="v1beta1",
    strategy=Strategy(
        name_rule=_name_rule,
        validate=_validate,
        validate_update=_validate_update,
        allow_unconditional_update=False,
    ),
    columns=(Column("SignerName", "string", lambda obj, _now: _signer(obj) or "<none>"),),
    selectable=(("spec.signerName", _signer),),
    unknown_selector="field label not supported: {}",
)
