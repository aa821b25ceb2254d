"""State that some resources keep beside their objects (allocated addresses, served custom resources) and that writes
must move along.

A hook belongs to one stored resource. `catalog` of the composition root maps resources to hooks; the pipeline calls
them and knows none. Work that must be given back when the write fails goes on `write.undo`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.write import Write


class Hook:
    """Does nothing; units override what they are for. Objects are in the stored version."""

    async def begin_create(self, write: Write, obj: Object) -> None:
        """Before the resource's own preparation and validation; may change `obj`, may refuse."""

    async def begin_update(self, write: Write, new: Object, old: Object) -> None:
        """Likewise for an update; not called for subresources that are views with a name other than empty."""

    async def committed(self, write: Write, new: Object | None, old: Object | None) -> None:
        """The write is durable. `new` is None after a removal, `old` None after a creation. Must not fail."""
