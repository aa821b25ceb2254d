"""certificate_rules: what signers demand of certificate requests, and the states that these go through. Pure.

Upstream: pkg/apis/certificates/helpers.go, pkg/controller/certificates/certificate_controller_utils.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.lib.certificate_request import CertificateRequest

APISERVER_CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
LEGACY_UNKNOWN = "kubernetes.io/legacy-unknown"
SIGNERS = (KUBELET_SERVING, KUBELET_CLIENT, APISERVER_CLIENT, LEGACY_UNKNOWN)
_OPTIONAL = "key encipherment"
"""RSA keys need it, others do not."""


def conditions_of(request: Object) -> Sequence[Object]:
    return (request.get("status") or {}).get("conditions") or ()


def has_condition(request: Object, kind: str) -> bool:
    return any(condition["type"] == kind for condition in conditions_of(request))


def has_certificate(request: Object) -> bool:
    return bool((request.get("status") or {}).get("certificate"))


def is_approved(request: Object) -> bool:
    return has_condition(request, "Approved") and not has_condition(request, "Denied")


def has_failed(request: Object) -> bool:
    return any(each["type"] == "Failed" and each.get("status", "") in ("", "True") for each in conditions_of(request))


def problem(signer: str, parsed: CertificateRequest, usages: Iterable[str]) -> str:
    """Why a signer does not sign a request; empty if it does."""
    usages = list(usages)
    if signer == KUBELET_SERVING:
        return _serving_problem(parsed, usages)
    if signer == KUBELET_CLIENT:
        return kubelet_client_problem(parsed, usages)
    if signer == APISERVER_CLIENT:
        return _client_problem(usages)
    return ""


def kubelet_client_problem(parsed: CertificateRequest, usages: Iterable[str]) -> str:
    """Likewise, of the certificate with which a kubelet comes to the API server."""
    if parsed.organizations != ("system:nodes",):
        return "subject organization is not system:nodes"
    for names, kind in (
        (parsed.dns_names, "DNS"),
        (parsed.emails, "Email"),
        (parsed.ip_addresses, "IP"),
        (parsed.uris, "URI"),
    ):
        if names:
            return f"{kind} subjectAltNames are not allowed"
    return _node_problem(parsed, usages, purpose="client auth")


def _serving_problem(parsed: CertificateRequest, usages: Iterable[str]) -> str:
    if parsed.organizations != ("system:nodes",):
        return "subject organization is not system:nodes"
    if not parsed.dns_names and not parsed.ip_addresses:
        return "DNS or IP subjectAltName is required"
    for names, kind in ((parsed.emails, "Email"), (parsed.uris, "URI")):
        if names:
            return f"{kind} subjectAltNames are not allowed"
    # Upstream looks at the usages before the common name here, and after it nowhere else.
    return _node_problem(parsed, usages, purpose="server auth", usages_first=True)


def _node_problem(
    parsed: CertificateRequest, usages: Iterable[str], *, purpose: str, usages_first: bool = False
) -> str:
    name = "" if parsed.common_name.startswith("system:node:") else _NO_NODE
    needed = {"digital signature", purpose}
    found = set(usages)
    wrong = found not in (needed, needed | {_OPTIONAL})
    usage = f"usages did not match [{' '.join(sorted(needed | {_OPTIONAL}))}]" if wrong else ""
    return (usage or name) if usages_first else (name or usage)


_NO_NODE = "subject common name does not begin with system:node:"


def _client_problem(usages: Iterable[str]) -> str:
    usages = list(usages)
    for usage in usages:
        if usage not in ("digital signature", _OPTIONAL, "client auth"):
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"
