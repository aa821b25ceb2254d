"""JSONPath templates, in the dialect of Go's client libraries."""

from __future__ import annotations

import pytest

from steersman.lib.jsonpath import JSONPathError, parse_template

STORE = {
    "name": "jsonpath",
    "book": [
        {"category": "reference", "title": "Sayings", "price": 8.95},
        {"category": "fiction", "title": "Sword", "price": 12.99},
        {"category": "fiction", "title": "Moby Dick", "price": 8.99},
    ],
    "bicycle": [{"color": "red", "price": 19.95, "isNew": True}, {"color": "green", "price": 20.01, "isNew": False}],
    "labels": {"web/html": 15, "k8s-app": 20},
    "list": {"items": []},
}
NODES = {
    "kind": "List",
    "items": [
        {
            "metadata": {"name": "127.0.0.1", "labels": {"example.com/host": "127.0.0.1"}},
            "status": {"capacity": {"cpu": "4"}, "ready": True, "addresses": [{"type": "a", "address": "127.0.0.1"}]},
        },
        {
            "metadata": {"name": "127.0.0.2"},
            "status": {
                "capacity": {"cpu": "8"},
                "ready": False,
                "addresses": [{"type": "a", "address": "127.0.0.2"}, {"type": "b", "address": "127.0.0.3"}],
            },
        },
    ],
    "users": [{"name": "me", "user": {}}, {"name": "e2e", "user": {"password": "secret"}}],
}
POINTS = [{"id": "i1", "x": 4}, {"id": "i2", "x": -2, "z": 1}, {"id": "i5", "x": 0, "z": 1}, {"x": None}]


@pytest.mark.parametrize(
    ("template", "data", "text"),
    [
        ("hello", None, "hello"),
        ("hello {.name}", STORE, "hello jsonpath"),
        ('{"{"}', None, "{"),
        (r'{"a\tb"}{"\n"}', None, "a\tb\n"),
        ("{[1,3,4]}", [0, 1, 2, 3, 4], "1 3 4"),
        ("{[0:2]}", ["a", "b"], "a b"),
        ("{ .a[:4:2] }", {"a": [1, 2, 3, 4]}, "1 3"),
        ("{ .a[1::2] }", {"a": [1, 2, 3, 4]}, "2 4"),
        ("{.a}", {"a": [1.0, 2.5, True, None, "<"]}, '[1,2.5,true,null,"\\u003c"]'),
        ("{.a[-1]}", {"a": [1, 2]}, "2"),
        ("{.a[0:0].b}", {"a": [{"b": 1}]}, ""),
        ("{.a[0:-1]}", {"a": [1, 2, 3]}, "1 2"),
        ("{.a[-1:]}", {"a": [1, 2, 3]}, "3"),
        ("{..}", [1, 2, 3], "[1,2,3]"),
        ("{[?(@<5)]}", [2, 6, 3, 7], "2 3"),
        ("{$.labels.web/html}", STORE, "15"),
        ("{.labels.k8s-app}", STORE, "20"),
        ("{.bicycle[*].color}", STORE, "red green"),
        ("{..price}", STORE, "8.95 12.99 8.99 19.95 20.01"),
        ("{...price}", STORE, "8.95 12.99 8.99 19.95 20.01"),
        ("{.book[?(@.title=='Moby Dick')].price}", STORE, "8.99"),
        ("{.bicycle[?(@.isNew==true)].color}", STORE, "red"),
        ("{[?(@.z)].id}", POINTS, "i2 i5"),
        ("{[0]['id']}", POINTS, "i1"),
        ("{[-1]['x']}", POINTS, "null"),
        ("{range .items[*]}{.metadata.name}, {end}{.kind}", NODES, "127.0.0.1, 127.0.0.2, List"),
        (
            "{range .items[*]}{range .status.addresses[*]}{.address},{end}+{end}",
            NODES,
            "127.0.0.1,+127.0.0.2,127.0.0.3,+",
        ),
        (
            "{.items[*]['metadata.name', 'status.capacity']}",
            NODES,
            '127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}',
        ),
        ('{.users[?(@.name=="e2e")].user.password}', NODES, "secret"),
        (r"{.items[0].metadata.labels.example\.com/host}", NODES, "127.0.0.1"),
        ("{.items[?(@..ready==true)].metadata.name}", NODES, "127.0.0.1"),
    ],
)
def test_a_template_is_rendered(template: str, data: object, text: str) -> None:
    assert parse_template(template).render(data) == text


def test_missing_fields_and_empty_ranges_may_be_tolerated() -> None:
    assert parse_template("before-{.hello}after").render(STORE, allow_missing=True) == "before-after"
    nested = '{range .list.items[*]}{.a}{range @.b[*]}{.c}{","}{end}{"+"}{end}!'
    assert parse_template(nested).render(STORE, allow_missing=True) == "!"
    partly = parse_template('{.items[?(@.metadata.labels.x=="y")].metadata.name}')
    assert partly.render({"items": [{"metadata": {"labels": {"x": "y"}, "name": "a"}}, {}]}, allow_missing=True) == "a"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{hello}", "unrecognized identifier hello"),
        ("{.hello}", "hello is not found"),
        ("{.labels[0]}", "map[string]interface {} is not array or slice"),
        ("{.book[?(@.price<>10)]}", "unrecognized filter operator <>"),
        ("{.book[?(@.price==10)]}", "incompatible types for comparison"),
        ("{range .labels.*}{@}{end}{end}", "not in range, nothing to end"),
        ("{.book[5]}", "array index out of bounds: index 5, length 3"),
        ("{.book[-1:0]}", "starting index 2 is greater than ending index 0"),
        ("{.book[0:4]}", "array index out of bounds: index 3, length 3"),
    ],
)
def test_what_does_not_fit_the_data_is_an_error(template: str, message: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        parse_template(template).render(STORE)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.a", "unclosed action"),
        ("{.a[", "unterminated array"),
        ("{.a[b]}", "invalid array index b"),
        ('{"a}', "unterminated quoted string"),
        ("{[?(@.a]}", "unterminated filter"),
        ("{%}", "unrecognized character in action: U+0025 '%'"),
        ("{...." + ".a}", "invalid multiple recursive descent"),
    ],
)
def test_what_cannot_be_read_is_an_error(template: str, message: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        parse_template(template)
    assert str(raised.value) == message


def test_the_first_result_of_a_chain_of_fields_needs_no_evaluation() -> None:
    path = parse_template("{.a.b}")
    assert path.first({"a": {"b": None}}) == (True, None)
    assert path.first({"a": 1}) == (False, None)
    assert parse_template("{.a[0]}").first({"a": ["x"]}) == (True, "x")
    assert parse_template("{.a[0]}").first({}) == (False, None)
