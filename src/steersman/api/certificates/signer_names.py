"""Names of certificate signers (`example.com/signer`), and of the trust bundles that belong to one."""

from __future__ import annotations

from steersman.api.errors import FieldError, go_quote, invalid, required, too_long
from steersman.api.meta.names import (
    LABEL_MAX,
    SUBDOMAIN_MAX,
    byte_length,
    dns1123_label,
    dns1123_subdomain,
    name_is_dns_subdomain,
)

SIGNER_NAME_MAX = SUBDOMAIN_MAX + 1 + SUBDOMAIN_MAX + 1 + LABEL_MAX
"""A domain, and a path with room for `namespace.name`."""


def is_kubernetes_signer(signer: str) -> bool:
    host = signer.partition("/")[0]
    return host == "kubernetes.io" or host.endswith(".kubernetes.io")


def validate_signer_name(signer: str, path: str) -> list[FieldError]:
    if not signer:
        return [required(path)]
    if signer.count("/") != 1:
        detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        return [invalid(path, signer, detail)]
    domain, _, rest = signer.partition("/")
    errors = [too_long(path, SUBDOMAIN_MAX)] if byte_length(domain) > SUBDOMAIN_MAX else []
    labels = domain.split(".")
    for label in labels:
        if messages := dns1123_label(label):
            errors += [invalid(path, domain, f"validating label {go_quote(label)}: {message}") for message in messages]
            break
    if len(labels) < 2:
        errors.append(invalid(path, domain, "should be a domain with at least two segments separated by dots"))
    for label in rest.split("."):
        if messages := dns1123_subdomain(label):
            errors += [invalid(path, rest, f"validating label {go_quote(label)}: {message}") for message in messages]
            break
    if byte_length(signer) > SIGNER_NAME_MAX:
        errors.append(too_long(path, SIGNER_NAME_MAX))
    return errors


def signer_in_bundle_name(name: str) -> str:
    """`example.com:signer:bundle` -> `example.com/signer`; empty if the name belongs to no signer."""
    return name.rpartition(":")[0].replace(":", "/")


def validate_cluster_trust_bundle_name(name: str, signer: str, *, prefix: bool = False) -> list[str]:
    """`signer` is empty for bundles of no signer; the name of others begins with it, with colons for slashes."""
    if not signer:
        if ":" in name:
            return ['ClusterTrustBundle without signer name must not have ":" in its name']
        return name_is_dns_subdomain(name, prefix)
    needed = f"{signer.replace('/', ':')}:"
    if not name.startswith(needed):
        return [f"ClusterTrustBundle for signerName {signer} must be named with prefix {needed}"]
    return name_is_dns_subdomain(name.removeprefix(needed), prefix)
