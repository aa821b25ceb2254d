"""Documents of OpenAPI 2.0 of other servers, made a part of ours. Pure; nothing that is given is changed.

Definitions and parameters are named by what they are, so mostly those of the same name are the same: they stand there
once. One that differs gets another name, `<name>_v2`.
Upstream differences: definitions that differ in nothing but their descriptions are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from steersman.api.meta.types import Object

DEFINITIONS: Final = "#/definitions/"
PARAMETERS: Final = "#/parameters/"
KINDS: Final = "x-kubernetes-group-version-kind"
_UNESSENTIAL: Final = (KINDS, "description")
_DEPTH_MAX: Final = 200


class SpecError(ValueError):
    """A document is none, or none that can be made a part of another."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is taken over of a document: paths, and what they refer to."""

    paths: Object = field(default_factory=dict)
    definitions: Object = field(default_factory=dict)
    parameters: Object = field(default_factory=dict)
    info: Object = field(default_factory=dict)
    """Its title and version."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be added to a document."""

    spec: Spec
    kinds: dict[str, list[Object]]
    """Definition that the document has itself, and that is referred to -> kinds for which it stands as well."""


def below(document: Any, prefix: str) -> Spec:
    """Everything about the paths that begin with `prefix`. Raises SpecError."""
    try:
        paths = {path: item for path, item in (document.get("paths") or {}).items() if path.startswith(prefix)}
        known = {DEFINITIONS: document.get("definitions") or {}, PARAMETERS: document.get("parameters") or {}}
        found: dict[str, Object] = {DEFINITIONS: {}, PARAMETERS: {}}
        waiting = list(references(paths))
        info = {key: str((document.get("info") or {}).get(key) or "") for key in ("title", "version")}
        while waiting:
            kind, name = waiting.pop()
            if name in found[kind] or name not in known[kind]:
                continue
            found[kind][name] = known[kind][name]
            waiting.extend(references(known[kind][name]))
    except (AttributeError, TypeError, KeyError) as error:
        raise SpecError(f"no OpenAPI document: {error}") from error
    return Spec(paths, found[DEFINITIONS], found[PARAMETERS], info)


def merge(
    specs: Iterable[Spec],
    paths: Container[str],
    definition: Callable[[str], Object | None],
    parameters: Mapping[str, Object],
) -> Merged:
    """All of `specs` as one, those of greater weight first: of two paths, the first stays. `paths` and `parameters` are
    those that the document has, `definition` gives what it has under a name.
    """
    out = Spec()
    kinds: dict[str, list[Object]] = {}
    for spec in specs:
        if all(path in paths for path in spec.paths):
            continue
        names: dict[tuple[str, str], str] = {}
        for name, value in spec.definitions.items():
            known = definition(name)
            if known is not None and _alike(known, value):
                kinds.setdefault(name, []).extend(value.get(KINDS) or ())
                continue
            names[DEFINITIONS, name] = _free(name, value, known, out.definitions, spec.definitions, definition)
        for name, value in spec.parameters.items():
            free = _free(name, value, parameters.get(name), out.parameters, spec.parameters, parameters.get)
            names[PARAMETERS, name] = free
        for (kind, name), free in names.items():
            source, into = (
                (spec.definitions, out.definitions) if kind == DEFINITIONS else (spec.parameters, out.parameters)
            )
            value = _renamed(source[name], names)
            if kind == DEFINITIONS and free in into:
                value = with_kinds(into[free], value.get(KINDS) or ())
            if kind == DEFINITIONS or free not in parameters:
                into[free] = value
        for path, item in spec.paths.items():
            if path not in paths:
                out.paths.setdefault(path, _renamed(item, names))
    return Merged(out, kinds)


def with_kinds(schema: Object, kinds: Iterable[Object]) -> Object:
    """The definition, standing for these kinds as well."""
    there = list(schema.get(KINDS) or ())
    new = [kind for kind in kinds if kind not in there]
    return {**schema, KINDS: [*there, *new]} if new else schema


def references(value: Any) -> Iterator[tuple[str, str]]:
    """(DEFINITIONS or PARAMETERS, name) of everything that a part of a document refers to. Raises SpecError."""
    stack = [(value, 0)]
    while stack:
        each, depth = stack.pop()
        if depth > _DEPTH_MAX:
            raise SpecError("nested too deeply")
        if isinstance(each, list):
            stack += [(inner, depth + 1) for inner in each]
        elif isinstance(each, dict):
            target = each.get("$ref")
            if isinstance(target, str):
                for kind in (DEFINITIONS, PARAMETERS):
                    if target.startswith(kind):
                        yield kind, target.removeprefix(kind)
            stack += [(inner, depth + 1) for inner in each.values()]


def _free(
    name: str,
    value: Object,
    known: Object | None,
    taken: Object,
    own: Object,
    definition: Callable[[str], Object | None],
) -> str:
    """The name under which a definition is added: its own, or the first that is free or stands for the same."""
    candidate, number = name, 1
    while True:
        there = known if candidate == name and known is not None else taken.get(candidate) or definition(candidate)
        if there is None:
            if candidate == name or candidate not in own:
                return candidate
        elif _alike(there, value):
            return candidate
        number += 1
        candidate = f"{name}_v{number}"


def _alike(a: Object, b: Object) -> bool:
    """Equal, but for descriptions and the kinds for which they stand."""
    return bool(_essence(a) == _essence(b))


def _essence(value: Any, *, by_name: bool = False) -> Any:
    """`by_name`: keys are names that mean nothing here, such as a property `description`."""
    if isinstance(value, list):
        return [_essence(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _essence(inner, by_name=key == "properties" and not by_name)
        for key, inner in value.items()
        if by_name or key not in _UNESSENTIAL
    }


def _renamed(value: Any, names: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    out = {key: _renamed(inner, names) for key, inner in value.items()}
    target = out.get("$ref")
    if isinstance(target, str):
        for kind in (DEFINITIONS, PARAMETERS):
            if target.startswith(kind):
                name = target.removeprefix(kind)
                out["$ref"] = kind + names.get((kind, name), name)
    return out
