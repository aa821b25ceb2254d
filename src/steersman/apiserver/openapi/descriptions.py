"""Descriptions of built-in types and fields, for `kubectl explain`, out of the optional package kubernetes-validate.

steersman brings none of upstream's prose. Where the package is installed (the extra `explain`) its newest version is
read; otherwise there are simply no descriptions.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_PACKAGE = "kubernetes_validate"
_DEFINITIONS = "v*-local/_definitions.json"


class Descriptions:
    """What a definition and its properties mean. `identity` names the source and changes with it."""

    def __init__(self, path: Path | None, identity: str = "") -> None:
        self._path = path
        self.identity = identity if path else ""

    def load(self) -> Object:
        """Definitions by name, each with `description` and `properties`; empty without the package. A large value:
        not to be kept.
        """
        if self._path is None:
            return {}
        definitions: Object = orjson.loads(self._path.read_bytes())["definitions"]
        return definitions


def installed() -> Descriptions:
    """The newest descriptions that are installed."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return Descriptions(None)
    found = list((Path(spec.origin).parent / "kubernetes-json-schema").glob(_DEFINITIONS))
    if not found:
        return Descriptions(None)
    newest = max(found, key=lambda path: _numbers(path.parent.name))
    try:
        release = version(_PACKAGE)
    except PackageNotFoundError:
        release = ""
    return Descriptions(newest, f"{release}/{newest.parent.name}")


def describe(schema: Object, prose: Object) -> None:
    """Put descriptions into a schema, in place: its own, and those of its properties."""
    _put(schema, prose)
    described = prose.get("properties", {})
    for name, inner in schema.get("properties", {}).items():
        if name in described:
            _put(inner, described[name])


def _put(schema: Object, prose: Any) -> None:
    text = prose.get("description")
    if text:
        schema["description"] = text


def _numbers(name: str) -> tuple[int, ...]:
    """`v1.37.0-local` -> (1, 37, 0)."""
    return tuple(int(part) for part in name.removeprefix("v").partition("-")[0].split(".") if part.isdigit())
