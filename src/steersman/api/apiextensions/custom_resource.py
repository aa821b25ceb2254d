"""Custom resources: the records that a CustomResourceDefinition stands for. Pure.

    records_of(definition) -> one Resource for each served version, and the stored one

With the conversion strategy None, versions differ in their schema and in nothing else: an object passes from one to
another by a new apiVersion, and loses the fields that the other does not know. With the strategy Webhook it is asked of
a webhook, which takes waiting: the records say nothing about it (`apiserver/conversion`). What is stored is in the
storage version; a write is judged in the version in which it was made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from steersman.api.apiextensions.condition_types import ESTABLISHED, NAMES_ACCEPTED, TERMINATING
from steersman.api.apiextensions.custom_columns import columns_of
from steersman.api.apiextensions.custom_strategy import Judge, strategy_of, subresources_of
from steersman.api.columns import at
from steersman.api.meta.conditions import is_condition_true
from steersman.api.resource import Conversion, Resource, Scope
from steersman.api.schema.custom import TYPE_META, pruned
from steersman.api.schema.structural import from_structural
from steersman.lib.jsonpath import JSONPathError, parse_template, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_ANYTHING: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_NO_CREATION = "create not allowed while custom resource definition is terminating"


def is_served(crd: Object) -> bool:
    """Whether requests to what it defines are answered: as soon as the names are accepted."""
    return is_condition_true(crd, NAMES_ACCEPTED) or is_condition_true(crd, ESTABLISHED)


def is_terminating(crd: Object) -> bool:
    return bool(crd["metadata"].get("deletionTimestamp")) or is_condition_true(crd, TERMINATING)


@dataclass(frozen=True, slots=True)
class Records:
    """What a definition stands for."""

    stored: Resource
    """The storage version, whether it is served or not."""
    served: tuple[Resource, ...]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """apiVersion -> how objects of it look; of all versions, served or not."""
    webhook: Object | None = None
    """`spec.conversion.webhook`, if versions are converted by one."""

    def shape(self, api_version: str) -> Shape | None:
        """None: the definition has no such version."""
        return self.shapes.get(api_version)


def records_of(crd: Object) -> Records | None:
    """None unless the definition `is_served`."""
    versions = crd["spec"].get("versions") or []
    stored = next((version for version in versions if version.get("storage")), None)
    if stored is None or not is_served(crd) or not at(crd, "status", "acceptedNames", "kind"):
        return None
    shapes = {version["name"]: Shape(crd, version) for version in versions}
    base = _resource(crd, stored, shapes, None)
    served = [
        base if version is stored else _resource(crd, version, shapes, base)
        for version in versions
        if version.get("served")
    ]
    by_api_version = {f"{crd['spec']['group']}/{name}": shape for name, shape in shapes.items()}
    return Records(base, tuple(served), by_api_version, webhook_of(crd))


def webhook_of(crd: Object) -> Object | None:
    """What converts between versions, if their strategy says so."""
    if at(crd, "spec", "conversion", "strategy") != "Webhook":
        return None
    webhook: Object = at(crd, "spec", "conversion", "webhook", default={})
    return webhook


class Shape:
    """The types of one version, made when they are first needed."""

    def __init__(self, crd: Object, version: Object) -> None:
        self.schema: Object | None = at(version, "schema", "openAPIV3Schema")
        self._name = f"{crd['spec']['group']}.{version['name']}.{at(crd, 'status', 'acceptedNames', 'kind')}"
        self._type: Type | None = None
        self._bare: Type | None = None

    def type(self) -> Type:
        if self._type is None:
            self._type = from_structural(_ANYTHING if self.schema is None else self.schema, name=self._name)
        return self._type

    def prune(self, obj: Object) -> None:
        """Take away what the schema does not know, and put in its defaults."""
        _reshape(self.type(), obj)

    def prune_only(self, obj: Object) -> None:
        """Take away what the schema does not know: defaults are those of the storage version."""
        if self._bare is None:
            self._bare = from_structural(without_defaults(_ANYTHING if self.schema is None else self.schema))
        _reshape(self._bare, obj)


def _reshape(type_: Type, obj: Object) -> None:
    rest = {key: obj.pop(key) for key in list(obj) if key not in TYPE_META}
    obj.update(pruned(type_, rest))


def without_defaults(schema: Any) -> Any:
    """A copy of a schema that declares no defaults."""
    made = {key: value for key, value in schema.items() if key != "default"}
    if made.get("properties"):
        made["properties"] = {key: without_defaults(inner) for key, inner in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = without_defaults(made[key])
    return made


def _resource(crd: Object, version: Object, shapes: dict[str, Shape], stored: Resource | None) -> Resource:
    spec, names = crd["spec"], crd["status"]["acceptedNames"]
    shape = shapes[version["name"]]
    plain = webhook_of(crd) is None
    judge = Judge(version, kind=names["kind"], api_version=f"{spec['group']}/{version['name']}")
    # Selectors look at what is kept with a stored object, whatever version they are asked in.
    indexed = [] if stored is not None else [f for each in spec["versions"] for f in each.get("selectableFields") or ()]
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or "",
        list_kind=names.get("listKind") or "",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        scope=Scope(spec["scope"]),
        schema=shape.type,
        openapi=lambda: shape.schema,
        verbs=VERBS,
        subresources=subresources_of(version, judge),
        strategy=strategy_of(version, judge),
        columns=columns_of(version.get("additionalPrinterColumns")),
        selectable=_selectable(version.get("selectableFields") or ()),
        indexed=_selectable(indexed),
        unknown_selector="field label not supported: {}",
        stored_as=stored,
        conversion=Conversion(to_stored=shapes[stored.version].prune, from_stored=shape.prune_only)
        if stored is not None and plain
        else None,
        normalize=_normalizer(spec["group"], shapes, shape) if stored is None and plain else None,
        deprecation=_deprecation(spec, version, names["kind"]),
        custom=True,
        no_creation=_NO_CREATION if is_terminating(crd) else "",
    )


def _normalizer(group: str, shapes: dict[str, Shape], stored: Shape) -> Callable[[Object], None]:
    """As upstream reads its store: by the schema of the version that was stored, then by the present one."""

    def normalize(obj: Object) -> None:
        of_group, _, name = (obj.get("apiVersion") or "").partition("/")
        before = shapes.get(name) if of_group == group else None
        if before is not None and before is not stored:
            before.prune(obj)
            stored.prune_only(obj)
        else:
            stored.prune(obj)

    return normalize


def _selectable(fields: Any) -> tuple[tuple[str, Callable[[Object], str]], ...]:
    paths = dict.fromkeys(field["jsonPath"] for field in fields)
    return tuple((path.removeprefix("."), getter) for path in paths if (getter := _getter(path)) is not None)


def _getter(path: str) -> Callable[[Object], str] | None:
    try:
        template = parse_template(f"{{{path}}}")
    except JSONPathError:
        return None

    def get(obj: Object) -> str:
        found, value = template.first(obj)
        return text_of(value) if found and value is not None else ""

    return get


def _deprecation(spec: Object, version: Object, kind: str) -> str:
    if not version.get("deprecated"):
        return ""
    if (text := version.get("deprecationWarning")) is not None:
        return str(text)
    mine = version["name"]
    message = f"{spec['group']}/{mine} {kind} is deprecated"
    better = [
        each["name"]
        for each in spec["versions"]
        if each.get("served") and not each.get("deprecated") and version_rank(each["name"]) < version_rank(mine)
    ]
    if better:
        message += f"; use {spec['group']}/{min(better, key=version_rank)} {kind}"
    return message


_VERSION = re.compile(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?")


def version_rank(name: str) -> tuple[int, int, int, str]:
    """Sorts v2 before v1 before v1beta2 before v1alpha1 before anything else."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return (3, 0, 0, name)
    stability = {None: 0, "beta": 1, "alpha": 2}[match.group(2)]
    return (stability, -int(match.group(1)), -int(match.group(3) or 0), "")
