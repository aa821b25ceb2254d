"""ServiceAccount: an identity for processes in pods.

Invariants: secrets are referred to by name only. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.resource import Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"


def _names_only(obj: Object) -> None:
    if obj.get("secrets"):
        obj["secrets"] = [{"name": ref["name"]} if ref.get("name") else {} for ref in obj["secrets"]]


def _prepare_create(obj: Object, _ctx: Context) -> None:
    _names_only(obj)


def _prepare_update(new: Object, _old: Object, _ctx: Context) -> None:
    _names_only(new)


def _validate_update(_new: Object, _old: Object) -> list[FieldError]:
    return []


def _warnings(obj: Object, old: Object | None) -> list[str]:
    """Once, when the annotation is newly set."""
    if old is not None and _MOUNTABLE in (old["metadata"].get("annotations") or {}):
        return []
    if _MOUNTABLE not in (obj["metadata"].get("annotations") or {}):
        return []
    return [
        (
            f"metadata.annotations[{_MOUNTABLE}]: deprecated in v1.32+; "
            "prefer separate namespaces to isolate access to mounted secrets"
        )
    ]


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
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate_update=_validate_update,
        warnings=_warnings,
        delete_returns_object=True,
    ),
    columns=(AGE,),
)
