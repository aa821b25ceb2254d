"""Name and namespace of a body against those of its URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import BadRequest

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call


def fit_namespace(call: Call, obj: Object) -> None:
    """Fills in the URL's namespace, clears one where there is none. Raises BadRequest if they differ."""
    metadata = obj.setdefault("metadata", {})
    wanted = call.info.namespace if call.served.resource.namespaced else ""
    found = metadata.get("namespace") or ""
    if found == wanted:
        if not wanted:
            metadata.pop("namespace", None)
    elif not found:
        metadata["namespace"] = wanted
    elif not wanted:
        del metadata["namespace"]
    else:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")


def check_name(call: Call, obj: Object) -> None:
    """An update's body names the object of the URL. Raises BadRequest."""
    name = obj.get("metadata", {}).get("name")
    if not name:
        raise BadRequest(
            f"the name of the object ({call.info.name} based on URL) was undeterminable: name must be provided"
        )
    if name != call.info.name:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({call.info.name})")
