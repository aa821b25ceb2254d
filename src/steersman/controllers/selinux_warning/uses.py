"""Which pods use which volumes with which labels, and who stands in whose way. Touches nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.selinux_warning.labels import conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.client.request import Key

RECURSIVE = "Recursive"
"""The container runtime labels every file of the volume."""


@dataclass(frozen=True, slots=True)
class Use:
    """Of a volume by a pod."""

    label: str
    policy: str
    """spec.securityContext.seLinuxChangePolicy, as far as the volume can do what it says."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A pod and another one cannot have a volume on the same node."""

    what: str
    """In which they differ: SELinuxLabel or SELinuxChangePolicy."""
    pod: Key
    value: str
    other: Key
    other_value: str

    @property
    def reason(self) -> str:
        """Of the event."""
        return f"{self.what}Conflict"

    @property
    def message(self) -> str:
        """Names of other namespaces are nobody's business."""
        why = ". If both pods land on the same node, only one of them may access the volume."
        if self.pod.namespace == self.other.namespace:
            return (
                f'{self.what} "{self.value}" conflicts with pod {self.other.name} that uses the same volume as '
                f'this pod with {self.what} "{self.other_value}"{why}'
            )
        return (
            f'{self.what}"{self.value}" conflicts with another pod that uses the same volume as this pod with a '
            f"different {self.what}{why}"
        )

    def turned(self) -> Conflict:
        """The same for the other pod."""
        return Conflict(self.what, self.other, self.other_value, self.pod, self.value)


class Uses:
    """Of all volumes."""

    def __init__(self) -> None:
        self._pods: dict[str, dict[Key, Use]] = {}
        """By volume."""
        self._volumes: dict[Key, set[str]] = {}
        """By pod."""
        self._of_drivers: dict[str, set[str]] = {}
        """Volumes by CSI driver."""

    def note(self, volume: str, driver: str, pod: Key, use: Use) -> list[Conflict]:
        """Conflicts that are new; each for both pods."""
        pods = self._pods.setdefault(volume, {})
        if pods.get(pod) == use:
            return []
        pods[pod] = use
        self._volumes.setdefault(pod, set()).add(volume)
        self._of_drivers.setdefault(driver, set()).add(volume)
        found = [each for other in pods for each in _between(pod, use, other, pods[other])]
        return [each for one in found for each in (one, one.turned())]

    def forget(self, pod: Key) -> None:
        """It is gone, or has ended."""
        for volume in self._volumes.pop(pod, ()):
            del self._pods[volume][pod]
            if not self._pods[volume]:
                del self._pods[volume]
                for volumes in self._of_drivers.values():
                    volumes.discard(volume)

    def pods_of_driver(self, driver: str) -> set[Key]:
        return {pod for volume in self._of_drivers.get(driver, ()) for pod in self._pods[volume]}

    def conflicts(self) -> Iterator[Conflict]:
        """All that there are now, each for both pods."""
        for pods in self._pods.values():
            for pod, use in pods.items():
                for other, other_use in pods.items():
                    yield from _between(pod, use, other, other_use)


def _between(pod: Key, use: Use, other: Key, other_use: Use) -> Iterator[Conflict]:
    if use.policy != other_use.policy:
        yield Conflict("SELinuxChangePolicy", pod, use.policy, other, other_use.policy)
    if conflict(use.label, other_use.label):
        yield Conflict("SELinuxLabel", pod, use.label, other, other_use.label)
