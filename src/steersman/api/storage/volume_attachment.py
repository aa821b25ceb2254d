"""VolumeAttachment: the intent to attach a volume to a node."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

VOLUME_ATTACHMENTS = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="VolumeAttachment",
    plural="volumeattachments",
    singular="volumeattachment",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.VolumeAttachment"),
    subresources=(
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(keep_metadata=True)),
    ),
    strategy=Strategy(
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
)
