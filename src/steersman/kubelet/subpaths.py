"""Whether the parts of volumes that a container mounts may be: `subPath`, and `subPathExpr` once it is expanded.

Upstream: makeMounts of the kubelet, third_party/forked/golang/expansion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
_OF_MAP = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


def bad_subpath(pod: Object, container: Object) -> str:
    """What is wrong with a container's mounts, as the kubelet says it; empty if nothing is.

    What stands in ConfigMaps, Secrets and resources is not known here: an expression that has it counts as good.
    """
    mounts = [each for each in container.get("volumeMounts") or () if each.get("subPath") or each.get("subPathExpr")]
    if not mounts:
        return ""
    known = _environment(pod, container)
    for mount in mounts:
        path = mount.get("subPath", "")
        if expression := mount.get("subPathExpr"):
            names = [name for name in _REFERENCE.findall(expression) if name]
            if any(known.get(name, "") is None for name in names):
                continue
            missing = sorted({name for name in names if not known.get(name)})
            if missing and not container.get("envFrom"):
                return f"missing value for {', '.join(missing)}"
            if missing:
                continue
            path = _expand(expression, known)
        if path.startswith("/"):
            return f"error SubPath `{path}` must not be an absolute path"
        if ".." in path.split("/"):
            return f"unable to provision SubPath `{path}`: must not contain '..'"
    return ""


def _environment(pod: Object, container: Object) -> Mapping[str, str | None]:
    """Name -> value; None for a value that is not known here. Later ones may refer to earlier ones."""
    known: dict[str, str | None] = {}
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source is None:
            known[variable["name"]] = _expand(variable.get("value", ""), known)
        else:
            known[variable["name"]] = _field(pod, (source.get("fieldRef") or {}).get("fieldPath", ""))
    return known


def _expand(text: str, known: Mapping[str, str | None]) -> str:
    """`$(NAME)` by its value where there is one, `$$` by `$`."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return known.get(found[1]) or (found[0] if found[1] not in known else "")

    return _REFERENCE.sub(value, text)


def _field(pod: Object, path: str) -> str | None:
    if found := _OF_MAP.fullmatch(path):
        value: str = (pod["metadata"].get(found[1]) or {}).get(found[2], "")
        return value
    part, _, name = path.partition(".")
    if (part, name) in {
        ("metadata", "name"),
        ("metadata", "namespace"),
        ("metadata", "uid"),
        ("spec", "nodeName"),
        ("spec", "serviceAccountName"),
    }:
        field: str = pod[part].get(name, "")
        return field
    return None
