"""Descriptions of built-in types and fields, for `kubectl explain`, out of the optional package kubernetes-validate.

steersman brings none of upstream's prose. Where the package is installed (the extra `explain`) its newest version is
read when first needed, and kept compressed; otherwise there are simply no descriptions.
"""

from __future__ import annotations

import json
import re
import zlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.lib.aio import Pacer

_PACKAGE = "kubernetes_validate"
_BETWEEN = re.compile(r"[\s,:]*")
_DEFINITIONS = "v*-local/_definitions.json"


class Descriptions:
    """What definitions and their properties mean. `identity` names the source and changes with it."""

    def __init__(self, path: Path | None, identity: str = "") -> None:
        self._path = path
        self._packed: dict[str, bytes] = {}
        self.identity = identity if path else ""

    async def prepare(self, pacer: Pacer) -> None:
        """Read the source, unless that is done. Before it `describe` does nothing."""
        if self._path is None:
            return
        path, self._path = self._path, None
        for name, definition in _definitions(path.read_text(encoding="utf-8")):
            await pacer.pause()
            texts = {key: inner.get("description", "") for key, inner in definition.get("properties", {}).items()}
            texts[""] = definition.get("description", "")
            self._packed[name] = zlib.compress(orjson.dumps(texts))

    def describe(self, name: str, schema: Object) -> None:
        """Put descriptions into the definition `name`, in place: its own, and those of its properties."""
        packed = self._packed.get(name)
        if packed is None:
            return
        texts = orjson.loads(zlib.decompress(packed))
        _put(schema, texts.get(""))
        for key, inner in schema.get("properties", {}).items():
            _put(inner, texts.get(key))


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


def _definitions(text: str) -> Iterator[tuple[str, Any]]:
    """Name and schema of each, of a document with a single member that holds them; decoded one by one, because the
    whole takes a while.
    """
    decode = json.JSONDecoder().raw_decode
    _, at = decode(text, _skip(text, 1))
    at = _skip(text, _skip(text, at) + 1)
    while at < len(text) and text[at] != "}":
        name, at = decode(text, at)
        definition, at = decode(text, _skip(text, at))
        yield name, definition
        at = _skip(text, at)


def _skip(text: str, at: int) -> int:
    """The position of what follows blanks, commas and colons."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _put(schema: Any, text: str | None) -> None:
    if text:
        schema["description"] = text


def _numbers(name: str) -> tuple[int, ...]:
    """`v1.37.0-local` -> (1, 37, 0)."""
    return tuple(int(part) for part in name.removeprefix("v").partition("-")[0].split(".") if part.isdigit())
