"""The query of a CONNECT request as the options that admission judges: PodExecOptions, PodProxyOptions, ... Pure.

Rules of upstream's conversions from url.Values: unknown parameters are ignored, the first of several counts, flags are
true when they are present without a value, ports may be repeated or separated by commas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.errors import BadRequest, go_quote
from steersman.apiserver.options import first, given_bool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.apiserver.requestinfo import RequestInfo

_STREAM_FLAGS = ("stdin", "stdout", "stderr", "tty")
_KINDS = {
    ("pods", "exec"): "PodExecOptions",
    ("pods", "attach"): "PodAttachOptions",
    ("pods", "portforward"): "PodPortForwardOptions",
    ("pods", "proxy"): "PodProxyOptions",
    ("services", "proxy"): "ServiceProxyOptions",
    ("nodes", "proxy"): "NodeProxyOptions",
}


def connect_options(info: RequestInfo, query: Mapping[str, Sequence[str]]) -> Object:
    """A new object. Raises BadRequest for ports that are none."""
    options: Object = {"kind": _KINDS[info.resource, info.subresource], "apiVersion": "v1"}
    match info.subresource:
        case "exec" | "attach":
            options |= {flag: True for flag in _STREAM_FLAGS if given_bool(query, flag)}
            container = first(query, "container")
            if container:
                options["container"] = container
            if info.subresource == "exec":
                # An exec without a command is the runtime's to refuse.
                options["command"] = list(query["command"]) if "command" in query else None
        case "portforward":
            ports = [_port(text) for value in query.get("ports") or () for text in value.split(",")]
            if ports:
                options["ports"] = ports
        case _:
            path = _path(info)
            if path:
                options["path"] = path
    return options


def _path(info: RequestInfo) -> str:
    """What follows `proxy`, with a leading slash, and a trailing one where the request has it."""
    path = f"/{info.rest}" if info.rest else ""
    if info.path.endswith("/") and not path.endswith("/"):
        path += "/"
    return path


def _port(text: str) -> int:
    why = ""
    if not re.fullmatch(r"[0-9]+", text):
        why = "invalid syntax"
    elif len(text.lstrip("0")) > 5 or int(text) > 0xFFFF:
        why = "value out of range"
    if why:
        raise BadRequest(f"cannot convert to []int32: strconv.ParseUint: parsing {go_quote(text)}: {why}")
    return int(text)
