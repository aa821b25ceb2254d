"""Asking for permissions: `authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()`.

What decides is handed in with the variable: an `Authorizer` holds the user, and a function from what is asked to a
`Decision`. It is called during the evaluation, so it must not wait.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.types import opaque
from steersman.cel.values import Opaque

_PREFIX = "kubernetes.authorization."
_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Decision(Opaque):
    """What the authorizer said; `error` is empty if it could say something."""

    allowed: bool
    reason: str = ""
    error: str = ""
    cel_type = opaque(_PREFIX + "Decision")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked: a verb on a path, or on a resource of a group. `service_account` is set where it is asked for
    another.
    """

    verb: str
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""
    service_account: tuple[str, str] | None = None
    """Namespace and name; None stands for the user of the request."""


Authorize = Callable[[Attributes], Decision]


@dataclass(frozen=True, slots=True, eq=False)
class Authorizer(Opaque):
    """Value of the variable `authorizer`."""

    authorize: Authorize
    service_account: tuple[str, str] | None = None
    cel_type = opaque(_PREFIX + "Authorizer")


@dataclass(frozen=True, slots=True, eq=False)
class PathCheck(Opaque):
    """A question about a path."""

    authorize: Authorize
    asked: Attributes
    cel_type = opaque(_PREFIX + "PathCheck")


@dataclass(frozen=True, slots=True, eq=False)
class GroupCheck(Opaque):
    """A question about an API group, before its resource is named."""

    authorize: Authorize
    asked: Attributes
    cel_type = opaque(_PREFIX + "GroupCheck")


@dataclass(frozen=True, slots=True, eq=False)
class ResourceCheck(Opaque):
    """A question about a resource."""

    authorize: Authorize
    asked: Attributes
    cel_type = opaque(_PREFIX + "ResourceCheck")


def _path(value: Authorizer, path: str) -> PathCheck:
    if not path.strip():
        raise EvaluationError("path must not be empty")
    return PathCheck(value.authorize, Attributes("", path=path, service_account=value.service_account))


def _group(value: Authorizer, group: str) -> GroupCheck:
    return GroupCheck(value.authorize, Attributes("", group=group, service_account=value.service_account))


def _service_account(value: Authorizer, namespace: str, name: str) -> Authorizer:
    if len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        raise EvaluationError("Invalid service account name")
    if len(namespace) > 63 or not _LABEL.fullmatch(namespace):
        raise EvaluationError("Invalid service account namespace")
    return Authorizer(value.authorize, (namespace, name))


def _resource(value: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise EvaluationError("resource must not be empty")
    return ResourceCheck(value.authorize, replace(value.asked, resource=resource))


def _with(field: str) -> Any:
    def set_field(value: ResourceCheck, content: str) -> ResourceCheck:
        changed: dict[str, Any] = {field: content}
        return ResourceCheck(value.authorize, replace(value.asked, **changed))

    return set_field


def _check(value: PathCheck | ResourceCheck, verb: str) -> Decision:
    return value.authorize(replace(value.asked, verb=verb))


def resource_check(authorizer: Authorizer, asked: Attributes) -> ResourceCheck:
    """Value of the variable `authorizer.requestResource`: the resource of the request; its verb is left open."""
    return ResourceCheck(authorizer.authorize, asked)


_CHECK, _AUTHORIZER, _DECISION = f"{_PREFIX}ResourceCheck", f"{_PREFIX}Authorizer", f"{_PREFIX}Decision"

AUTHORIZER = Library(
    "authorizer",
    {
        "path": (Overload("authorizer_path", f"{_AUTHORIZER}.(string) -> {_PREFIX}PathCheck", _path),),
        "group": (Overload("authorizer_group", f"{_AUTHORIZER}.(string) -> {_PREFIX}GroupCheck", _group),),
        "serviceAccount": (
            Overload("authorizer_serviceaccount", f"{_AUTHORIZER}.(string, string) -> {_AUTHORIZER}", _service_account),
        ),
        "resource": (Overload("groupcheck_resource", f"{_PREFIX}GroupCheck.(string) -> {_CHECK}", _resource),),
        "subresource": (Overload("resourcecheck_subresource", f"{_CHECK}.(string) -> {_CHECK}", _with("subresource")),),
        "namespace": (Overload("resourcecheck_namespace", f"{_CHECK}.(string) -> {_CHECK}", _with("namespace")),),
        "name": (Overload("resourcecheck_name", f"{_CHECK}.(string) -> {_CHECK}", _with("name")),),
        "fieldSelector": (
            Overload("authorizer_fieldselector", f"{_CHECK}.(string) -> {_CHECK}", _with("field_selector")),
        ),
        "labelSelector": (
            Overload("authorizer_labelselector", f"{_CHECK}.(string) -> {_CHECK}", _with("label_selector")),
        ),
        "check": (
            Overload("pathcheck_check", f"{_PREFIX}PathCheck.(string) -> {_DECISION}", _check),
            Overload("resourcecheck_check", f"{_CHECK}.(string) -> {_DECISION}", _check),
        ),
        "allowed": (Overload("decision_allowed", f"{_DECISION}.() -> bool", lambda said: said.allowed),),
        "reason": (Overload("decision_reason", f"{_DECISION}.() -> string", lambda said: said.reason),),
        "errored": (Overload("decision_errored", f"{_DECISION}.() -> bool", lambda said: bool(said.error)),),
        "error": (Overload("decision_error", f"{_DECISION}.() -> string", lambda said: said.error),),
    },
)
