"""APIService: a group version that an extension server serves."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

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
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(disown_metadata=True)),),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
    ),
)
