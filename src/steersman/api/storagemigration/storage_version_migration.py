"""StorageVersionMigration: rewrites a resource's stored objects in the current storage version."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

STORAGE_VERSION_MIGRATIONS = Resource(
    group="storagemigration.k8s.io",
    version="v1",
    kind="StorageVersionMigration",
    plural="storageversionmigrations",
    singular="storageversionmigration",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storagemigration.v1.StorageVersionMigration"),
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
