"""Label and field selectors of list and watch, compiled against a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from steersman.api.errors import BadRequest
from steersman.api.meta.fields import FieldSelector, parse_field_selector
from steersman.api.meta.labels import parse_selector

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.labels import Selector
    from steersman.api.resource import Resource
    from steersman.apiserver.options import ListOptions
    from steersman.store.watchcache import Entry


T = TypeVar("T")


class Selection:
    """Which entries a list or watch is about. `everything` spares the question."""

    __slots__ = ("_fields", "_key", "_labels", "everything", "prefix", "single")

    def __init__(self, *, prefix: str, labels: Selector | None, fields: FieldSelector | None, key: str = "") -> None:
        self.prefix = prefix
        self._key = key
        self._labels = labels
        self._fields = fields
        self.everything = labels is None and fields is None
        """Whatever is in range is wanted."""
        self.single = bool(key)
        """The range is one key."""

    def matches(self, entry: Entry) -> bool:
        """Whether an entry of the range is wanted; the range itself (namespace) is `in_range`."""
        if self._labels is not None and not self._labels.matches(entry.labels):
            return False
        return self._fields is None or self._fields.matches(_Fields(entry))

    def in_range(self, key: str) -> bool:
        """Whether a key of the collection is in the namespace (or is the one object) that was asked for."""
        return key == self._key if self._key else key.startswith(self.prefix)


class _Fields(dict[str, str]):
    """An entry's fields, name and namespace included."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.fields)
        self._key = entry.key

    def __missing__(self, name: str) -> str:
        if name == "metadata.name":
            return self._key.rsplit("/", 1)[1]
        return self._key.rsplit("/", 2)[1] if name == "metadata.namespace" else ""

    def get(self, name: str, default: Any = "") -> Any:
        value = self[name]
        return value or default


def select(resource: Resource, options: ListOptions, *, prefix: str, name: str = "") -> Selection:
    """Raises BadRequest for selectors that cannot be read or name an unknown field. `name`: only the object of that
    name, which must be unique in the range.
    """
    labels = fields = None
    if options.label_selector:
        labels = _parse(lambda: parse_selector(options.label_selector))
        if not labels.requirements:
            labels = None
    if options.field_selector:
        fields = _parse(lambda: parse_field_selector(options.field_selector))
        selectable = (resource if resource.custom else resource.stored).selectable
        names = dict(resource.selector_names) or {field: field for field, _ in selectable}
        names["metadata.name"] = "metadata.name"
        if resource.namespaced or not (resource.custom or resource.worded_selectors):
            names["metadata.namespace"] = "metadata.namespace"
        for requirement in fields.requirements:
            if requirement.field not in names:
                raise BadRequest(resource.unknown_selector.format(requirement.field))
        if resource.selector_names:
            fields = FieldSelector(tuple(r._replace(field=names[r.field]) for r in fields.requirements))
    return Selection(prefix=prefix, labels=labels, fields=fields, key=prefix + name if name else "")


def _parse(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as error:
        raise BadRequest(str(error)) from None
