"""Where a kubelet serves a stream: path and query, as upstream's API server encodes them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_FLAGS = (("stderr", "error"), ("stdin", "input"), ("stdout", "output"), ("tty", "tty"))
"""Fields of the options, and the kubelet's names for them."""


def stream_location(subresource: str, pod: Object, container: str, options: Object) -> str:
    """`options`: PodExecOptions, PodAttachOptions or PodPortForwardOptions. Parameters are in alphabetical order."""
    metadata = pod["metadata"]
    place = f"{quote(metadata['namespace'])}/{quote(metadata['name'])}"
    if subresource == "portforward":
        ports = ",".join(str(port) for port in options.get("ports") or ())
        path, query = f"/portForward/{place}", [("port", ports)] if ports else []
    else:
        path = f"/{subresource}/{place}/{quote(container)}"
        query = [("command", text) for text in options.get("command") or ()]
        query += [(name, "1") for field, name in _FLAGS if options.get(field)]
    return f"{path}?{urlencode(query)}" if query else path
