"""convert: an object in another version (or group) in which the same objects are served, whatever that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.apiserver.outbound.failure import Failure

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.resources import ResourceTable, Served


async def convert(resources: ResourceTable, obj: Object, target: Served) -> Object:
    """The object as `target` serves it; itself if it is already, otherwise a fresh one.

    Nothing is pruned or defaulted where a webhook converts, as upstream's admission has it. Raises ApiError: a webhook
    did not answer, or the object's own version is not served.
    """
    resource = target.resource
    if obj["apiVersion"] == resource.api_version:
        return obj
    if target.view is not None:
        return await target.view.converted(obj)
    copied: Object = orjson.loads(orjson.dumps(obj))
    if copied["apiVersion"] != resource.stored.api_version:
        group, _, version = str(copied["apiVersion"]).rpartition("/")
        source = resources.find(group, version, resource.plural)
        if source is None:
            raise Failure(f"{copied['apiVersion']} {resource.plural} are not served")
        source.stored_form(copied)
    return target.served_form(copied)
