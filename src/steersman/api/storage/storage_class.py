"""StorageClass: how volumes of a class are provisioned."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

STORAGE_CLASSES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    singular="storageclass",
    short_names=("sc",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.StorageClass"),
    strategy=Strategy(
        delete_returns_object=True,
    ),
)
