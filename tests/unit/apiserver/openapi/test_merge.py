"""Documents of other servers become a part of ours without changing it."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.openapi.merge import KINDS, Merged, Spec, SpecError, below, merge, with_kinds

PREFIX = "/apis/example.com/v1/"


def ref(name: str, kind: str = "definitions") -> dict[str, str]:
    return {"$ref": f"#/{kind}/{name}"}


def document(**definitions: Any) -> dict[str, Any]:
    operation = {"parameters": [ref("pretty-1", "parameters")], "schema": ref("A")}
    return {
        "paths": {f"{PREFIX}as": {"get": operation}, "/apis/apps/v1/x": {"get": {"schema": ref("Other")}}},
        "definitions": {"A": {"properties": {"b": ref("B")}}, "B": {"type": "string"}, "Other": {}} | definitions,
        "parameters": {"pretty-1": {"name": "pretty", "in": "query"}, "unused": {}},
    }


def merged(*specs: Spec, ours: dict[str, Any] | None = None, **parameters: Any) -> Merged:
    return merge(specs, set(), (ours or {}).get, parameters)


def test_only_what_the_paths_refer_to_is_taken() -> None:
    spec = below(document(), PREFIX)
    assert set(spec.paths) == {f"{PREFIX}as"}
    assert (set(spec.definitions), set(spec.parameters)) == ({"A", "B"}, {"pretty-1"})


def test_definitions_that_refer_to_each_other_end() -> None:
    assert set(below(document(B=ref("A")), PREFIX).definitions) == {"A", "B"}


@pytest.mark.parametrize(
    "broken", [None, [], {"paths": [1]}, {"paths": {f"{PREFIX}a": ref("A")}, "definitions": ["A"]}]
)
def test_what_is_no_document_is_refused(broken: Any) -> None:
    with pytest.raises(SpecError):
        below(broken, PREFIX)


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(1000):
        deep = {"properties": deep}
    with pytest.raises(SpecError, match="deep"):
        below(document(A=deep), PREFIX)


def test_what_is_the_same_stands_there_once() -> None:
    ours = {"B": {"type": "string", "description": "in other words"}}
    out = merged(below(document(), PREFIX), ours=ours)
    assert set(out.spec.definitions) == {"A"}
    assert out.kinds == {"B": []}


def test_what_differs_gets_another_name_wherever_it_is_meant() -> None:
    ours = {"B": {"type": "integer"}, "B_v2": {"type": "boolean"}}
    spec = below(document(), PREFIX)
    out = merged(spec, ours=ours, **{"pretty-1": {"name": "pretty", "in": "path"}}).spec
    assert out.definitions == {"A": {"properties": {"b": ref("B_v3")}}, "B_v3": {"type": "string"}}
    assert set(out.parameters) == {"pretty-1_v2"}
    (item,) = out.paths.values()
    assert item["get"] == {"parameters": [ref("pretty-1_v2", "parameters")], "schema": ref("A")}
    assert spec.definitions["A"] == {"properties": {"b": ref("B")}}


def test_a_property_called_description_counts() -> None:
    theirs = document(B={"properties": {"description": {"type": "string"}}})
    out = merged(below(theirs, PREFIX), ours={"B": {"properties": {"description": {"type": "integer"}}}})
    assert "B_v2" in out.spec.definitions


def test_other_servers_share_what_is_the_same_and_its_kinds_add_up() -> None:
    kinds = [{"group": "a", "version": "v1", "kind": "B"}, {"group": "b", "version": "v1", "kind": "B"}]
    first, second = (document(B={"type": "string", KINDS: [kind]}) for kind in kinds)
    second["paths"] = {f"{PREFIX}bs": {"get": {"schema": ref("B")}}}
    out = merged(below(first, PREFIX), below(second, PREFIX))
    assert out.spec.definitions["B"] == {"type": "string", KINDS: kinds}
    assert set(out.spec.paths) == {f"{PREFIX}as", f"{PREFIX}bs"}
    assert merged(below(first, PREFIX), ours={"B": {"type": "string"}}).kinds == {"B": kinds[:1]}


def test_paths_that_are_there_stay_as_they_are() -> None:
    spec = below(document(), PREFIX)
    assert merge([spec], {f"{PREFIX}as"}, {}.get, {}).spec == Spec()
    other = Spec({f"{PREFIX}as": {"get": {}}})
    assert merged(spec, other).spec.paths[f"{PREFIX}as"]["get"]["schema"] == ref("A")


def test_kinds_are_added_once() -> None:
    kind = {"kind": "A"}
    schema = with_kinds({"type": "object"}, [kind])
    assert with_kinds(schema, [kind]) is schema
