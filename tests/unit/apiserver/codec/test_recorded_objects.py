"""Every object that upstream was recorded to answer survives protobuf and YAML unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.codec import yaml
from steersman.apiserver.codec.protobuf import Protobuf

if TYPE_CHECKING:
    from collections.abc import Iterator

_RECORDED = next(
    (p / "shared/golden/visible" for p in Path(__file__).parents if (p / "shared/golden/visible").is_dir()), None
)
_MASKED = {"<time>": "2026-01-02T03:04:05Z", "<any>": None, "<nodeport>": 30000}

pytestmark = pytest.mark.skipif(_RECORDED is None, reason="recorded answers are not beside the project")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "apiVersion" in value and "kind" in value and "metadata" in value:
            yield value
        for event in value.get("events") or ():
            yield from _objects(event.get("object") if isinstance(event, dict) else None)


def _unmasked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmasked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unmasked(inner) for inner in value]
    return _MASKED.get(value, value) if isinstance(value, str) else value


def _comparable(value: Any) -> Any:
    """Without what protobuf cannot tell apart: null, empty lists, and the kinds of items and embedded objects."""
    if isinstance(value, dict):
        return {k: _comparable(v) for k, v in value.items() if v not in (None, []) and k not in ("apiVersion", "kind")}
    return [_comparable(v) for v in value] if isinstance(value, list) else value


def _cases() -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    assert _RECORDED is not None
    for path in sorted(_RECORDED.glob("crud/*.json")):
        for step in json.loads(path.read_text())["steps"]:
            for obj in _objects((step.get("answer") or {}).get("body")):
                found.setdefault(json.dumps(obj, sort_keys=True), _unmasked(obj))
    return list(found.values())


def test_recorded_objects_survive_protobuf_and_yaml() -> None:
    codec = Protobuf()
    kinds = set()
    for obj in _cases():
        assert yaml.parse(yaml.encode(obj)).value == obj
        if codec.knows(obj["apiVersion"], obj["kind"]):
            group, _, version = obj["apiVersion"].rpartition("/")
            back = codec.decode(codec.encode(obj), group, version, obj["kind"])
            assert _comparable(back) == _comparable(obj)
            kinds.add(obj["kind"])
    assert len(kinds) > 80


def test_recorded_yaml_answers_have_our_exact_form() -> None:
    assert _RECORDED is not None
    count = 0
    for path in sorted(_RECORDED.glob("crud/*.json")):
        for step in json.loads(path.read_text())["steps"]:
            body = (step.get("answer") or {}).get("body")
            if step.get("accept") == "application/yaml" and isinstance(body, str):
                body = body.replace("@", "").replace("<time>", "2026-01-02T03:04:05Z").replace("<rv>", "7")
                value = yaml.parse(body.encode()).value
                assert yaml.encode(value).decode() == body, path
                count += 1
    assert count > 30
