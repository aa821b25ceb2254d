"""Versioned: the objects of one write in whatever version a webhook asks for, and what webhooks made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, InternalError
from steersman.apiserver.admission.webhook.equivalents import is_own_kind
from steersman.apiserver.conversion.convert import convert

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.resources import ResourceTable, Served


class Versioned:
    """Conversions are made when they are first needed, and kept until the object changes."""

    def __init__(self, resources: ResourceTable, review: Review) -> None:
        self._resources = resources
        self._home = resources.of(review.resource)
        self._review = review
        self._old: dict[str, Object] = {}
        self._new: dict[str, Object] = {}
        self.latest = review.obj
        """The object as it is now, in the version in which it was last made; read-only."""

    async def in_version(self, served: Served) -> tuple[Object | None, Object | None]:
        """(object, old object), both read-only; what is not there is None. Raises InternalError."""
        return (
            await self._form(self.latest, served, self._new),
            await self._form(self._review.old, served, self._old),
        )

    def replace(self, obj: Object) -> None:
        """A webhook has changed the object."""
        self.latest = obj
        self._new = {}

    async def bring_home(self) -> None:
        """Put the outcome into the object of the review, in the version of the request. Raises InternalError."""
        target, latest = self._review.obj, self.latest
        if target is None or latest is None or latest is target:
            return
        outcome = await self._form(latest, self._home, self._new)
        assert outcome is not None
        target.clear()
        target.update(outcome)
        self.replace(target)

    async def _form(self, obj: Object | None, served: Served, kept: dict[str, Object]) -> Object | None:
        if obj is None or not is_own_kind(obj, served.resource):
            return obj  # a Scale, an Eviction, options of a connection: the same in all versions
        version = served.resource.api_version
        form = kept.get(version)
        if form is None:
            try:
                form = kept[version] = await convert(self._resources, obj, served)
            except ApiError as error:
                raise InternalError.of(error.message) from error
        return form
