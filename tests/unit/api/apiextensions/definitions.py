"""Definitions, and what the rules say about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from steersman.api.apiextensions.custom_resource import records_of
from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.resource import Context
from steersman.api.schema.decode import decode

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT = Context(now=NOW)
STRATEGY = CUSTOM_RESOURCE_DEFINITIONS.strategy
META: dict[str, Any] = {"name": "x", "creationTimestamp": "2026-01-02T02:04:05Z", "generation": 3}


def definition(versions: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    """A new definition as the pipeline would judge it."""
    body = {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [version()] if versions is None else versions,
            **spec,
        },
    }
    obj = decode(CUSTOM_RESOURCE_DEFINITIONS.schema(), body).object
    assert STRATEGY.default
    assert STRATEGY.prepare_create
    STRATEGY.default(obj)
    STRATEGY.prepare_create(obj, CONTEXT)
    return obj


def version(name: str = "v1", *, storage: bool = True, schema: Any = None, **fields: Any) -> dict[str, Any]:
    schema = {"type": "object"} if schema is None else schema
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def spec_version(name: str = "v1", spec: Any = None, **fields: Any) -> dict[str, Any]:
    """A version whose objects have a spec; without more words, one with a number."""
    number = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}}
    return version(name, schema={"type": "object", "properties": {"spec": spec or number}}, **fields)


def accepted(crd: dict[str, Any]) -> dict[str, Any]:
    """The definition with its names accepted."""
    crd["metadata"] |= {"uid": "u"}
    crd["status"]["acceptedNames"] = crd["spec"]["names"]
    crd["status"]["conditions"] = [{"type": "NamesAccepted", "status": "True"}]
    return crd


def records(*versions: dict[str, Any], **metadata: Any) -> Any:
    """What a definition with accepted names stands for."""
    crd = accepted(definition(list(versions)))
    crd["metadata"] |= metadata
    made = records_of(crd)
    assert made is not None
    return made


def record(*versions: dict[str, Any]) -> Any:
    """The stored version's record."""
    return records(*versions).stored


def thing(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": dict(META), **fields}


def judge(obj: dict[str, Any]) -> list[str]:
    assert STRATEGY.validate
    return [str(error) for error in STRATEGY.validate(obj)]


def judge_update(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    assert STRATEGY.validate_update
    assert STRATEGY.prepare_update
    STRATEGY.prepare_update(new, old, CONTEXT)
    return [str(error) for error in STRATEGY.validate_update(new, old)]


def established(obj: dict[str, Any]) -> dict[str, Any]:
    obj["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    return obj


def texts(errors: list[Any]) -> list[str]:
    return [str(error) for error in errors]
