"""YAML bodies: libyaml's parser, our own meaning of scalars, upstream's errors (sigs.k8s.io/yaml on go-yaml v2).

Only the first document of a body counts. A field given twice is an error of strict reading, `line 8: key "k" already
set in map`; the last one wins. Aliases are counted before they are expanded, by go-yaml's rule.

Upstream differences: nesting is limited as in JSON. A body that is JSON is read as JSON.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from steersman.api.errors import go_quote
from steersman.apiserver.codec.json_scan import DEPTH_MAX
from steersman.apiserver.codec.malformed import Malformed, Parsed
from steersman.apiserver.codec.yaml_resolve import go_float, resolve
from steersman.apiserver.codec.yaml_write import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["encode", "parse"]

_TAG = "tag:yaml.org,2002:"
_RESOLVABLE = frozenset(("str", "bool", "int", "float", "null", "timestamp"))
_DECODES_LOW, _DECODES_HIGH = 400_000, 4_000_000


class _Node:
    """A node of the first document. `cost` and `aliased` are go-yaml's counters, aliases expanded."""

    __slots__ = ("aliased", "children", "cost", "implicit", "is_alias", "is_map", "line", "open", "tag", "value")

    def __init__(self, line: int) -> None:
        self.line = line
        self.tag = ""
        self.value = ""
        self.implicit = False
        self.children: list[_Node] | None = None
        self.is_map = False
        self.is_alias = False
        self.open = False
        self.cost = 1
        self.aliased = 0


def parse(raw: bytes, *, find_duplicates: bool = True) -> Parsed:
    """The value of a body. Raises Malformed with upstream's text (`yaml: line 2: ...`)."""
    if raw[:1] == b"{":
        try:
            value = orjson.loads(raw)
            again = orjson.dumps([[[[value]]]])
        except (orjson.JSONDecodeError, TypeError):
            pass
        else:
            if raw.count(b":") == again.count(b":") and b"\\u003" not in raw:
                return Parsed(value)
    node = _compose(raw)
    if node is None:
        return Parsed(None)
    if node.aliased > 100 and node.cost > 1000 and node.aliased / node.cost > _allowed_ratio(node.cost):
        raise Malformed("yaml: document contains excessive aliasing")
    builder = _Builder()
    value = builder.build(node)
    texts = builder.duplicates if find_duplicates else []
    return Parsed(value, texts, ["yaml: unmarshal errors:\n  " + "\n  ".join(texts)] if texts else [])


def _allowed_ratio(count: int) -> float:
    """The share of decoding that may come from aliases, for a document of `count` decoded nodes."""
    if count <= _DECODES_LOW:
        return 0.99
    if count >= _DECODES_HIGH:
        return 0.10
    return 0.99 - 0.89 * (count - _DECODES_LOW) / (_DECODES_HIGH - _DECODES_LOW)


def _compose(raw: bytes) -> _Node | None:
    """The first document's root; None for an empty body."""
    try:
        return _first_document(yaml.parse(raw or b"\n", Loader=yaml.CLoader))
    except yaml.reader.ReaderError as err:
        raise Malformed(f"yaml: {err.reason}") from None
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line if err.problem_mark else 0
        if line:
            line += isinstance(err, yaml.scanner.ScannerError)
        elif err.context_mark:
            line = err.context_mark.line
        where = f"line {line}: " if line else ""
        raise Malformed(f"yaml: {where}{err.problem}") from None


def _first_document(events: Iterator[Any]) -> _Node | None:
    anchors: dict[str, _Node] = {}
    stack: list[_Node] = []
    root: _Node | None = None
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            node = _Node(_line(event))
            node.value = event.value
            node.tag = event.tag or ""
            node.implicit = event.implicit[0]
            if event.anchor is not None:
                anchors[event.anchor] = node
        elif isinstance(event, yaml.AliasEvent):
            node = _alias(event, anchors)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            node = _Node(_line(event))
            node.children = []
            node.is_map = isinstance(event, yaml.MappingStartEvent)
            node.open = True
            if len(stack) >= DEPTH_MAX:
                raise Malformed("yaml: exceeded max depth")
            if event.anchor is not None:
                anchors[event.anchor] = node
            stack.append(node)
            continue
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            node = stack.pop()
            node.open = False
        elif isinstance(event, (yaml.DocumentEndEvent, yaml.StreamEndEvent)):
            return root
        else:
            if isinstance(event, yaml.DocumentStartEvent) and event.version not in (None, (1, 1)):
                raise Malformed("yaml: found incompatible YAML document")
            continue
        if stack:
            parent = stack[-1]
            assert parent.children is not None
            parent.children.append(node)
            parent.cost += node.cost
            parent.aliased += node.aliased
        else:
            root = node
    return root


def _line(event: Any) -> int:
    """The event's line, counted from 0."""
    line: int = event.start_mark.line
    return line


def _alias(event: Any, anchors: dict[str, _Node]) -> _Node:
    target = anchors.get(event.anchor)
    if target is None:
        raise Malformed(f"yaml: unknown anchor '{event.anchor}' referenced")
    if target.open:
        raise Malformed(f"yaml: anchor '{event.anchor}' value contains itself")
    node = _Node(_line(event))
    node.is_alias = True
    node.children = [target]
    node.cost = 1 + target.cost
    node.aliased = target.cost
    return node


class _Builder:
    """Values of nodes. An alias is built anew each time: nobody may share what others change."""

    def __init__(self) -> None:
        self.duplicates: list[str] = []

    def build(self, node: _Node) -> Any:
        if node.children is None:
            return _json_scalar(_scalar(node))
        if node.is_alias:
            return self.build(node.children[0])
        if node.is_map:
            out: dict[str, Any] = {}
            self._mapping(node, out, {})
            return out
        return [self.build(child) for child in node.children]

    def _mapping(self, node: _Node, out: dict[str, Any], seen: dict[Any, None]) -> None:
        assert node.children is not None
        for i in range(0, len(node.children), 2):
            key_node, value_node = node.children[i], node.children[i + 1]
            is_scalar = key_node.children is None
            if is_scalar and key_node.value == "<<" and (key_node.implicit or key_node.tag == _TAG + "merge"):
                self._merge(value_node, out, seen)
                continue
            key = _key(key_node)
            value = self.build(value_node)
            identity = (type(key), key)
            if identity in seen:
                self.duplicates.append(f"line {value_node.line + 1}: key {_go_syntax(key)} already set in map")
            seen[identity] = None
            out[_key_text(key)] = value

    def _merge(self, node: _Node, out: dict[str, Any], seen: dict[Any, None]) -> None:
        sources = [node]
        if node.children is not None and not node.is_map and not node.is_alias:
            sources = node.children[::-1]  # earlier ones take precedence
        for source in sources:
            target = source.children[0] if source.is_alias and source.children else source
            if not target.is_map:
                raise Malformed("yaml: map merge requires map or sequence of maps as the value")
            self._mapping(target, out, seen)


def _scalar(node: _Node) -> Any:
    tag = node.tag.removeprefix(_TAG)
    if not tag and not node.implicit:
        return node.value
    if tag == "binary":
        try:
            return base64.b64decode(node.value.replace("\n", ""), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise Malformed("yaml: !!binary value contains invalid base64 data") from None
    if tag == "str" or (tag and tag not in _RESOLVABLE):
        return node.value
    found, value = resolve(node.value, times=tag in ("", "timestamp"))
    if tag and found != tag:
        if tag == "float" and found == "int":
            return float(value)
        raise Malformed(f"yaml: cannot decode !!{found} `{node.value}` as a !!{tag}")
    return value


def _json_scalar(value: Any) -> Any:
    """The value after upstream's way through JSON, where a whole float is an integer."""
    if isinstance(value, float):
        if not math.isfinite(value):
            name = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
            raise Malformed(f"json: unsupported value: {name}")
        if value.is_integer() and abs(value) < 1e21:
            return int(value)
    return value


def _key(node: _Node) -> Any:
    if node.is_alias and node.children:
        node = node.children[0]
    if node.children is not None:
        kind = "map[interface {}]interface {}" if node.is_map else "[]interface {}"
        raise Malformed(f"yaml: invalid map key: {kind}{{}}")
    value = _scalar(node)
    if value is None:
        raise Malformed("unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>")
    return value


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(str(key)) or _float32_text(key)
    return str(key)


def _go_syntax(key: Any) -> str:
    return go_quote(key) if isinstance(key, str) else _key_text(key)


def _float32_text(number: float) -> str:
    """Go's shortest text of a number with 32-bit precision."""
    try:
        wanted = struct.pack("f", number)
    except OverflowError:
        return "+Inf" if number > 0 else "-Inf"
    single = struct.unpack("f", wanted)[0]
    texts = (f"{single:.{digits}e}" for digits in range(9))
    return go_float(next((text for text in texts if struct.pack("f", float(text)) == wanted), repr(single)))
