"""roles: what a controller declares, as the ClusterRole that its service account needs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.controllers.base import Controller

_EVENTS: Object = {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch", "update"]}


def service_account(name: str) -> str:
    """The service account of a controller, in kube-system."""
    return f"{name.replace('_', '-')}-controller"


def account_of(controller: type[Controller]) -> str:
    """The service account that a controller comes as."""
    return controller.account or service_account(controller.name)


def component_of(controller: type[Controller]) -> str:
    """The source of its events."""
    return controller.component or account_of(controller)


def rules_of(controller: type[Controller]) -> list[Object]:
    """Rules of its ClusterRole: it lists and watches what it reads, does what it declares, tells of it in events."""
    rules = [_rule(resource.group, resource.plural, ("list", "watch")) for resource in controller.reads]
    for write in controller.writes:
        plural = write.resource.plural
        name = f"{plural}/{write.subresource}" if write.subresource else plural
        rule = _rule(write.resource.group, name, write.verbs)
        rules.append(rule | {"resourceNames": list(write.names)} if write.names else rule)
    if controller.verbs_on_all:
        rules.append(_rule("*", "*", controller.verbs_on_all))
    if controller.verbs_on_scales:
        rules.append(_rule("*", "*/scale", controller.verbs_on_scales))
    return [*rules, _EVENTS]


def _rule(group: str, resource: str, verbs: tuple[str, ...]) -> Object:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
