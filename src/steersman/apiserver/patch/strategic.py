"""Strategic merge patch: a merge patch that knows which lists are sets and maps in disguise.

Directives: `$patch` (replace, delete; of a list item also to replace the whole list), `$retainKeys` (drop all other
members), `$deleteFromPrimitiveList/x` and `$setElementOrder/x` beside a list x. How a list merges comes from
the Field (`patch_strategy`, `merge_key`). The order of a merged list: items that the patch names, as the patch (or
its element order) has them, with the live list's others in between where the live order puts them.

Nothing is changed in place: results share unchanged parts with both inputs. Custom resources have no strategies;
they do not get here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.patch.errors import FailedPatch
from steersman.apiserver.patch.gotext import go_map, go_type

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Field, Type

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_DELETE_PREFIX = "$deleteFromPrimitiveList"
_ORDER_PREFIX = "$setElementOrder"
_BAD_RETAIN = "invalid patch format of retainKeys"
_BAD_ORDER = "invalid patch format of setElementOrder list"
_BAD_DELETE = "invalid patch format of primitive list"


def apply_strategic_patch(document: Object, patch: Object, type_: Type) -> Object:
    """The document with the patch merged in. Raises FailedPatch where a directive or a list item makes no sense."""
    return _merge_map(document, patch, type_)


def _merge_map(original: Object, patch: Object, type_: Type | None) -> Object:
    if _DIRECTIVE in patch:
        return _whole_map(patch)
    merged = dict(original)
    todo = dict(patch)
    if _RETAIN in todo:
        _retain_keys(merged, todo)
    for key in [key for key in todo if key.startswith(_ORDER_PREFIX)]:
        _merge_ordered(merged, todo, key, type_)
    for key, value in todo.items():
        if key.startswith(_DELETE_PREFIX):
            _delete_from_list(merged, key, value, type_)
        else:
            _merge_member(merged, key, value, type_)
    return merged


def _merge_member(merged: Object, key: str, value: Any, type_: Type | None) -> None:
    if value is None:
        merged.pop(key, None)
        return
    current = merged.get(key)
    if isinstance(value, dict) and isinstance(current, dict):
        field = _field(type_, key)
        merged[key] = value if "replace" in field.patch_strategy else _merge_map(current, value, field.type)
    elif isinstance(value, list) and isinstance(current, list):
        field = _field(type_, key)
        merged[key] = _merge_list(current, value, field) if "merge" in field.patch_strategy else value
    elif isinstance(value, dict) and _DIRECTIVE in value:
        merged.pop(key, None)
    else:
        merged[key] = _clean(value)


def _whole_map(patch: Object) -> Object:
    directive = patch[_DIRECTIVE]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == "delete":
        return {}
    raise FailedPatch(f"unknown patch type: {directive} in map: {go_map(patch)}")


def _retain_keys(merged: Object, todo: Object) -> None:
    keys = todo.pop(_RETAIN)
    if not isinstance(keys, list):
        raise FailedPatch(_BAD_RETAIN)
    for key, value in todo.items():
        if value is not None and key not in keys and not key.startswith((_DELETE_PREFIX, _ORDER_PREFIX)):
            raise FailedPatch(_BAD_RETAIN)
    for key in [key for key in merged if key not in keys]:
        del merged[key]


def _delete_from_list(merged: Object, key: str, value: Any, type_: Type | None) -> None:
    name = _named(key, _DELETE_PREFIX, _BAD_DELETE)
    if value is None:
        merged.pop(name, None)
        return
    current = merged.get(name)
    if not isinstance(current, list) or not isinstance(value, list):
        return
    field = _field(type_, name)
    if current or value:
        if _element_type(current, value) is dict:
            merged[name] = _merge_list(current, value, field)
        else:
            merged[name] = [item for item in current if item not in value]


def _merge_ordered(merged: Object, todo: Object, key: str, type_: Type | None) -> None:
    """Merge the list that `$setElementOrder/<list>` speaks of, and take both out of what is still to do."""
    order = todo.pop(key)
    if not isinstance(order, list):
        raise FailedPatch(f"expected a []interface {{}}, but received a {go_type(order)}")
    name = _named(key, _ORDER_PREFIX, _BAD_ORDER)
    found, patched = merged.get(name), todo.get(name)
    for given in (found, patched):
        if given is not None and not isinstance(given, list):
            raise FailedPatch(f"expected a []interface {{}}, but received a {go_type(given)}")
    if name in todo and patched is None:
        # A null beside an order: upstream cannot read it as a list.
        raise FailedPatch("expected a []interface {}, but received a %!s(<nil>)")
    field = _field(type_, name)
    _check_order(patched or [], order, field.merge_key)
    if found is None and patched is None:
        return
    if found is None:
        items = _clean(patched)
    elif patched is None:
        items = found
    else:
        items = patched
        if "merge" in field.patch_strategy:
            items = _merge_list(found, patched, field)
            found = _places(found, patched, field.merge_key)
    mine, others = _partition(items, order, field.merge_key)
    _element_type(found or [], patched or [])
    merged[name] = _in_order(mine, others, order, found or [], field.merge_key)
    todo.pop(name, None)


def _check_order(items: list[Any], order: list[Any], merge_key: str) -> None:
    """The patch's items must appear in `order`, in the same relative order."""
    if not items or not order:
        return
    if merge_key:
        for item in items:
            if not isinstance(item, dict):
                raise FailedPatch(f"expected a map[string]interface {{}}, but received a {go_type(item)}")
    todo = [item for item in items if not (isinstance(item, dict) and item.get(_DIRECTIVE) == "delete")]
    at = found = 0
    while found < len(todo) and at < len(order):
        item = todo[found]
        if isinstance(item, dict) and _DIRECTIVE in item:
            found += 1
            continue
        if _key_of(item, merge_key) == _key_of(order[at], merge_key):
            found += 1
        at += 1
    # Directives behind the last named item count as missing, too, as upstream has it.
    if found < len(todo):
        raise FailedPatch(
            f"The order in patch list:\n{go_map(items)}\n doesn't match {_ORDER_PREFIX} list:\n{go_map(order)}\n"
        )


def _places(live: list[Any], patch: list[Any], key: str) -> list[Any]:
    """The live order that items are interleaved by, after a merge.

    New items take the places of deleted ones: upstream merges into the very list that it then reads the order from,
    and clients see where items end up.
    """
    places = list(live)
    left = len(places)
    if not key:
        return places
    replaced = False
    for item in patch:
        replaced = replaced or item.get(_DIRECTIVE) == "replace"
        if item.get(_DIRECTIVE) == "delete":
            kept = [one for one in places[:left] if not (key in one and one[key] == item[key])]
            places[: len(kept)] = kept
            left = len(kept)
    if not replaced:
        for item in patch:
            if _DIRECTIVE not in item and left < len(places) and _position(places[:left], key, item[key]) < 0:
                places[left] = item
                left += 1
    return places


def _merge_list(original: list[Any], patch: list[Any], field: Field) -> list[Any]:
    if not original and not patch:
        return original
    if _element_type(original, patch) is not dict:
        merged = _deduplicated([*original, *patch])
        mine, others = _partition(merged, patch, "")
        return _in_order(mine, others, patch, original, "")
    key = field.merge_key
    if not key:
        raise FailedPatch("cannot merge lists without merge key for struct")
    original, patch = _directed(original, patch, key)
    merged = list(original)
    element = field.type.element
    for item in patch:
        value = _key_of(item, key)
        at = _position(merged, key, value)
        if at < 0:
            merged.append(item)
        else:
            merged[at] = _merge_map(merged[at], item, element)
    mine, others = _partition(merged, patch, key)
    return _in_order(mine, others, patch, original, key)


def _directed(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Obey items that carry a directive; what is left of both lists."""
    rest: list[Any] = []
    replace = False
    for item in patch:
        directive = item.get(_DIRECTIVE)
        if _DIRECTIVE not in item:
            rest.append(item)
        elif directive == "delete":
            value = _key_of(item, key)
            original = [one for one in original if one.get(key) != value or key not in one]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise FailedPatch("merging lists cannot yet be specified in the patch")
        else:
            raise FailedPatch(f"unknown patch type: {directive} in map: {go_map(item)}")
    return (rest, []) if replace else (original, rest)


def _partition(items: list[Any], named: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Items that `named` names, and the others."""
    mine: list[Any] = []
    others: list[Any] = []
    # Without a key of its own, an item of `named` names nothing.
    names = [item[key] for item in named if isinstance(item, dict) and key in item] if key else named
    for item in items:
        (mine if _key_of(item, key) in names else others).append(item)
    return mine, others


def _in_order(mine: list[Any], others: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """Both parts, each in its own order, interleaved by the live order where it knows both items."""
    names = [_key_of(item, key) for item in order]
    places = [_key_of(item, key) for item in live]
    mine = sorted(mine, key=lambda item: _at(names, _key_of(item, key)))
    others = sorted(others, key=lambda item: _at(places, _key_of(item, key)))
    merged: list[Any] = []
    at = 0
    for item in mine:
        place = _at(places, _key_of(item, key))
        while at < len(others) and place >= 0 and 0 <= _at(places, _key_of(others[at], key)) < place:
            merged.append(others[at])
            at += 1
        merged.append(item)
    return merged + others[at:]


def _at(names: list[Any], name: Any) -> int:
    try:
        return names.index(name)
    except ValueError:
        return -1


def _key_of(item: Any, key: str) -> Any:
    if not key:
        return item
    if not isinstance(item, dict):
        raise FailedPatch(f"expected a map[string]interface {{}}, but received a {go_type(item)}")
    if key not in item:
        raise FailedPatch(f"map: {go_map(item)} does not contain declared merge key: {key}")
    return item[key]


def _position(items: list[Any], key: str, value: Any) -> int:
    for at, item in enumerate(items):
        if item.get(key) == value and key in item:
            return at
    return -1


def _deduplicated(items: list[Any]) -> list[Any]:
    """Each value once. As upstream does it, the last value takes the place of a duplicate."""
    i = 0
    while i < len(items) - 1:
        j = i + 1
        while j < len(items):
            if items[i] == items[j]:
                items[j] = items[-1]
                items.pop()
            else:
                j += 1
        i += 1
    return items


def _element_type(*lists: list[Any]) -> type:
    found: type | None = None
    for items in lists:
        for item in items:
            if found is None:
                found = type(item)
                if found is list:
                    raise FailedPatch("lists of lists are not supported")
            elif found is not type(item):
                raise FailedPatch(f"list element types are not identical: {go_map(list(lists))}")
    if found is None:
        raise FailedPatch("no elements in any of the given slices")
    return found


def _clean(value: Any) -> Any:
    """What a patch value is where nothing was before: without nulls, directives and what they stand in."""
    if isinstance(value, dict):
        return {
            key: _clean(inner)
            for key, inner in value.items()
            if inner is not None and not (isinstance(inner, dict) and _DIRECTIVE in inner)
        }
    if isinstance(value, list):
        return [_clean(item) for item in value if not (isinstance(item, dict) and _DIRECTIVE in item)]
    return value


def _named(key: str, prefix: str, error: str) -> str:
    start, slash, name = key.partition("/")
    if start != prefix or not slash:
        raise FailedPatch(error)
    return name


def _field(type_: Type | None, name: str) -> Field:
    if type_ is None or type_.form in {"map", "list"}:
        form = "map" if type_ is not None and type_.form == "map" else "slice"
        raise FailedPatch(f"merging an object in json but data type is not struct, instead is: {form}")
    field = type_.fields.get(name)
    if field is None:
        raise FailedPatch(
            f'unable to find api field in struct {type_.go_name.rpartition(".")[2]} for the json field "{name}"'
        )
    return field
