"""Event: something that happened to an object."""

from __future__ import annotations

from steersman.api.meta.names import name_is_path_segment
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

EVENTS = Resource(
    group="",
    version="v1",
    kind="Event",
    plural="events",
    singular="event",
    short_names=("ev",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Event"),
    strategy=Strategy(
        validate_name=name_is_path_segment,
        allow_create_on_update=True,
    ),
)
