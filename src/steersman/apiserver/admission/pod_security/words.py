"""How checks word what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.podspec.walk import all_containers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.api.meta.types import Object


class Finding(NamedTuple):
    """Why a check refuses a pod. The reason alone is told of many pods, both of one."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def counted(noun: str, names: Sequence[str]) -> str:
    """`container "a"`, `containers "a", "b"`."""
    return f"{noun if len(names) == 1 else noun + 's'} {quoted(names)}"


def plural(singular: str, many: str, count: int) -> str:
    return singular if count == 1 else many


def setters(pod: bool, containers: Sequence[str]) -> str:
    """`pod and containers "a", "b"`; empty if it is neither."""
    parts = ["pod"] if pod else []
    if containers:
        parts.append(counted("container", containers))
    return " and ".join(parts)


def security(holder: Object) -> Object:
    """The security context of a pod's specification or of a container."""
    return holder.get("securityContext") or {}


def containers_where(spec: Object, bad: Callable[[Object], bool]) -> list[str]:
    """Names of the init, regular and ephemeral containers whose security context is bad."""
    return [container.get("name", "") for container in all_containers(spec) if bad(security(container))]


def in_user_namespace(spec: Object) -> bool:
    """The pod's users are not the node's: being root inside is little outside (KEP-127)."""
    return spec.get("hostUsers") is False


def is_windows(spec: Object) -> bool:
    return bool((spec.get("os") or {}).get("name") == "windows")
