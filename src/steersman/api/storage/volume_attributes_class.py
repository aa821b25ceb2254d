"""VolumeAttributesClass: mutable attributes of volumes."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

VOLUME_ATTRIBUTES_CLASSES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttributesClass",
    plural="volumeattributesclasses",
    singular="volumeattributesclass",
    short_names=("vac",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.VolumeAttributesClass"),
    strategy=Strategy(
        delete_returns_object=True,
    ),
)
