"""What makes load balancers: a cloud, as the controller sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object


class CloudError(Exception):
    """The cloud cannot do it, now or ever; the message is shown to users. It is asked again later."""


class Cloud(Protocol):
    """Load balancers by Service. Every method may be called again after it has failed, or has done its work."""

    def notice(self, old: Object | None, new: Object | None) -> None:
        """A Service has changed, or is seen for the first time; all are, before anything is asked for."""

    async def exists(self, service: Object) -> bool:
        """Whether there is one for the Service. Raises CloudError."""

    async def ensure(self, service: Object, nodes: Sequence[Object]) -> list[Object]:
        """Make it, or make it as the Service and the nodes are now; its ingress points. Raises CloudError."""

    async def update(self, service: Object, nodes: Sequence[Object]) -> None:
        """The same, if only the nodes have changed. Raises CloudError."""

    async def delete(self, service: Object) -> None:
        """Raises CloudError."""
