"""CertificateSigningRequest: asks a signer for a certificate."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

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
        Subresource(name="approval", verbs=("get", "patch", "update"), update=UpdateStrategy()),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        has_status=True,
        reset_fields=(("status",),),
    ),
)
