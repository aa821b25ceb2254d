"""PodCertificateRequest: asks a signer for a pod's certificate."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

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
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
)
