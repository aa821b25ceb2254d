"""JSON patch: RFC 6902, as evanphx/json-patch (which upstream uses) reads it.

Differences from the RFC, all upstream's: `replace` of an absent member adds it, `test` against null holds for an
absent member, a negative index counts from the end, a path's text before its first slash is ignored, and an empty
path may only be tested or replaced.
"""

from __future__ import annotations

import json
import re
from typing import Any

from steersman.apiserver.patch.errors import MalformedPatch, RejectedPatch, TooLargePatch

OPERATIONS_MAX = 10_000
COPIED_BYTES_MAX = 3 * 1024 * 1024
"""Sum of the sizes of all values copied by `copy`; without it a small patch could double a value ten thousand times."""

_INDEX = re.compile(r"[+-]?[0-9]+", re.ASCII)
_ABSENT: Any = object()


def apply_json_patch(document: Any, operations: Any) -> Any:
    """The document after all operations, or none: `document` itself stays as it was.

    Raises MalformedPatch (not a list of operations), TooLargePatch, RejectedPatch (an operation failed).
    """
    check_operations(operations)
    return _Patching(document).run(operations)


def check_operations(operations: Any) -> None:
    """Refuse what is not a list of operation objects, or too long a list."""
    # Go decodes null as an empty list.
    if operations is None:
        return
    if not isinstance(operations, list):
        raise MalformedPatch(_undecodable(operations, "[]handlers.jsonPatchOp"))
    for operation in operations:
        if operation is not None and not isinstance(operation, dict):
            raise MalformedPatch(_undecodable(operation, "handlers.jsonPatchOp"))
        for member in ("op", "path", "from"):
            value = operation.get(member) if operation else None
            if value is not None and not isinstance(value, str):
                target = f"struct field jsonPatchOp.{member} of type string"
                raise MalformedPatch(_undecodable(value, target).replace("value of type struct", "struct"))
    if len(operations) > OPERATIONS_MAX:
        raise TooLargePatch(
            f"The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {len(operations)}"
        )


def _undecodable(value: Any, target: str) -> str:
    match value:
        case bool():
            name = "bool"
        case str():
            name = "string"
        case dict():
            name = "object"
        case list():
            name = "array"
        case _:
            name = "number"
    return f"error decoding patch: json: cannot unmarshal {name} into Go value of type {target}"


class _Patching:
    """One application: the root so far, and which containers are its own (all others are copied before a change)."""

    def __init__(self, document: Any) -> None:
        self._root = document
        self._own: dict[int, Any] = {}
        self._copied_bytes = 0

    def run(self, operations: Any) -> Any:
        for operation in operations or ():
            self._do(operation or {})
        return self._root

    def _do(self, operation: dict[str, Any]) -> None:
        op = operation.get("op")
        value = operation.get("value")
        if op not in {"add", "remove", "replace", "move", "copy", "test"}:
            raise RejectedPatch(f"Unexpected kind: {op or 'unknown'}")
        if op in {"move", "copy"}:
            self._transfer(operation, op)
            return
        path = _text(operation, "path")
        if path == "" and op in {"replace", "test"}:
            self._whole(op, value)
            return
        container, key = self._find(path, change=op != "test")
        if op == "add":
            _add(container, key, value)
        elif op == "remove":
            _remove(container, key)
        elif op == "replace":
            container[_index(key, len(container)) if isinstance(container, list) else key] = value
        else:
            found = _get(container, key)
            if not _same(None if found is _ABSENT else found, value):
                raise RejectedPatch(f"testing value {path} failed")

    def _transfer(self, operation: dict[str, Any], op: str) -> None:
        source = _text(operation, "from")
        container, key = self._find(source, change=op == "move")
        found = _get(container, key)
        if op == "move":
            _remove(container, key)
        value = None if found is _ABSENT else found
        if op == "copy":
            self._copied_bytes += len(json.dumps(value, separators=(",", ":")))
            if self._copied_bytes > COPIED_BYTES_MAX:
                raise RejectedPatch(
                    f"Unable to complete the copy, the accumulated size increase of copy is "
                    f"{self._copied_bytes}, exceeding the limit {COPIED_BYTES_MAX}"
                )
            # The value will have two places: nothing that we have may be changed in place any more.
            self._own.clear()
        target, last = self._find(_text(operation, "path"), change=True)
        _add(target, last, value)

    def _whole(self, op: str, value: Any) -> None:
        if op == "test":
            if not _same(self._root, value):
                raise RejectedPatch("testing value  failed")
        elif isinstance(value, dict | list):
            self._root = value
        else:
            raise RejectedPatch("replace operation value must be object or array")

    def _find(self, path: str, *, change: bool) -> tuple[Any, str]:
        """The container that holds the path's last token, and that token. With `change`, all on the way is ours."""
        tokens = path.split("/")
        if len(tokens) < 2:
            raise RejectedPatch(f'operation does not apply: doc is missing path: "{path}"')
        if change:
            self._root = self._owned(self._root)
        current = self._root
        for token in tokens[1:-1]:
            key = _decoded(token)
            child = _get(current, key)
            if not isinstance(child, dict | list):
                raise RejectedPatch(f'operation does not apply: doc is missing path: "{path}"')
            if change and id(child) not in self._own:
                child = self._owned(child)
                current[_index(key, len(current)) if isinstance(current, list) else key] = child
            current = child
        return current, _decoded(tokens[-1])

    def _owned(self, container: Any) -> Any:
        if id(container) in self._own:
            return container
        copied = dict(container) if isinstance(container, dict) else list(container)
        self._own[id(copied)] = copied
        return copied


def _text(operation: dict[str, Any], member: str) -> str:
    text = operation.get(member)
    if not isinstance(text, str):
        raise RejectedPatch(f"operation missing {member} field")
    return text


def _decoded(token: str) -> str:
    # In this order `~01` is `~1`, not a slash.
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token


def _index(key: str, length: int) -> int:
    if not _INDEX.fullmatch(key):
        raise RejectedPatch(f"value was not a proper array index: '{key}'")
    index = int(key)
    if index < 0:
        index += length
    if not 0 <= index < length:
        raise RejectedPatch(f"Unable to access invalid index: {key}")
    return index


def _get(container: Any, key: str) -> Any:
    if isinstance(container, list):
        return container[_index(key, len(container))]
    return container.get(key, _ABSENT)


def _add(container: Any, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(key, len(container) + 1), value)


def _remove(container: Any, key: str) -> None:
    if isinstance(container, list):
        del container[_index(key, len(container))]
    elif key in container:
        del container[key]
    else:
        raise RejectedPatch(f"Unable to remove nonexistent key: {key}")


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(k in other and _same(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
