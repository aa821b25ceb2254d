"""ServiceAccount: an identity for processes in pods."""

from __future__ import annotations

from steersman.api.resource import Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema

SERVICE_ACCOUNTS = Resource(
    group="",
    version="v1",
    kind="ServiceAccount",
    plural="serviceaccounts",
    singular="serviceaccount",
    short_names=("sa",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ServiceAccount"),
    subresources=(
        Subresource(name="token", verbs=("create",), group="authentication.k8s.io", version="v1", kind="TokenRequest"),
    ),
    strategy=Strategy(
        delete_returns_object=True,
    ),
)
