"""Visiting containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object


def containers_with_paths(spec: Object, path: str) -> Iterator[tuple[Object, str]]:
    """Init, regular and ephemeral containers, each with its field path."""
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            yield container, f"{path}.{name}[{index}]"


def all_containers(spec: Object) -> Iterator[Object]:
    """Init, regular and ephemeral containers."""
    for name in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(name) or ()


def is_sidecar(container: Object | None) -> bool:
    """An init container that keeps running beside the regular ones."""
    return container is not None and container.get("restartPolicy") == "Always"


def is_windows(spec: Object) -> bool:
    return ((spec.get("os") or {}).get("name")) == "windows"


def probes_and_handlers(container: Object) -> Iterator[Object]:
    """Everything in a container that may hold an httpGet or grpc action."""
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            yield container[name]
    lifecycle = container.get("lifecycle") or {}
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            yield lifecycle[name]
