"""SELinux labels that pods ask for. Pure.

Labels are what is given, `user:role:type:level` with empty parts: what nodes put for those is not known here.
Upstream: pkg/controller/volume/selinuxwarning/translator, pkg/volume/util/selinux.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_PARTS = ("user", "role", "type", "level")


def label_of(options: Object) -> str:
    """Of SELinuxOptions; empty for none."""
    label = ":".join(options.get(part) or "" for part in _PARTS)
    return "" if label == ":::" else label


def conflict(one: str, other: str) -> bool:
    """Whether two labels cannot be the same, whatever nodes put for empty parts; they never put a level."""
    ours, theirs = _split(one), _split(other)
    if ours[3] != theirs[3]:
        return True
    return any(a and b and a != b for a, b in zip(ours[:3], theirs[:3], strict=True))


def _split(label: str) -> list[str]:
    parts = label.split(":", 3)
    return parts + [""] * (4 - len(parts))


def labels_by_volume(pod: Object) -> dict[str, set[str]]:
    """By a pod's name for each volume that is mounted: the labels of the containers that mount it and ask for any."""
    spec = pod["spec"]
    of_pod = (spec.get("securityContext") or {}).get("seLinuxOptions")
    found: dict[str, set[str]] = {}
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            options = (container.get("securityContext") or {}).get("seLinuxOptions") or of_pod
            for mount in container.get("volumeMounts") or ():
                labels = found.setdefault(mount["name"], set())
                if options is not None:
                    labels.add(label_of(options))
    return found
