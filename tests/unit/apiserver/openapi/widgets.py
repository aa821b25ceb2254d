"""A custom resource for these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.resource import Resource, Scope, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def widgets(declared: Object | None, *, selectable: tuple[str, ...] = (), version: str = "v1") -> Resource:
    """Widgets of example.com with this `openAPIV3Schema`."""
    return Resource(
        group="example.com",
        version=version,
        kind="Widget",
        plural="widgets",
        singular="widget",
        list_kind="WidgetList",
        scope=Scope.NAMESPACED,
        schema=schema("io.k8s.api.core.v1.ConfigMap"),
        subresources=(
            Subresource(name="status", verbs=("get", "patch", "update"), update=UpdateStrategy()),
            Subresource(
                name="scale",
                verbs=("get", "patch", "update"),
                group="autoscaling",
                version="v1",
                kind="Scale",
                update=UpdateStrategy(),
            ),
        ),
        selectable=tuple((label, str) for label in selectable),
        custom=True,
        openapi=lambda: declared,
    )
