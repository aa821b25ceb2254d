"""Pod: one or more containers that share a node, a network address and volumes."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

PODS = Resource(
    group="",
    version="v1",
    kind="Pod",
    plural="pods",
    singular="pod",
    short_names=("po",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Pod"),
    subresources=(
        Subresource(name="attach", verbs=("create", "get"), kind="PodAttachOptions"),
        Subresource(name="binding", verbs=("create",), kind="Binding"),
        Subresource(name="ephemeralcontainers", verbs=("get", "patch", "update"), update=UpdateStrategy()),
        Subresource(name="eviction", verbs=("create",), group="policy", version="v1", kind="Eviction"),
        Subresource(name="exec", verbs=("create", "get"), kind="PodExecOptions"),
        Subresource(name="log", verbs=("get",)),
        Subresource(name="portforward", verbs=("create", "get"), kind="PodPortForwardOptions"),
        Subresource(name="proxy", verbs=("create", "delete", "get", "patch", "update"), kind="PodProxyOptions"),
        Subresource(name="resize", verbs=("get", "patch", "update"), update=UpdateStrategy()),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view()),
    ),
    strategy=Strategy(
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
)
