"""Requests as handlers see them."""

from __future__ import annotations

from steersman.lib.http.message import Connection, Headers, Request, chunk_frame


class NoTransport:
    def get_extra_info(self, name):
        return None


def request(query: str = "", **headers: str) -> Request:
    fields = Headers()
    for name, value in headers.items():
        fields.add(name.replace("_", "-"), value)
    connection = Connection(NoTransport())
    return Request("GET", "/", "/", query, fields, b"", connection.peer, connection)


def test_headers_keep_every_value_and_give_the_first() -> None:
    headers = Headers()
    for name, value in (("a", "1"), ("b", "2"), ("a", "3")):
        headers.add(name, value)
    assert (headers.get("a"), headers.get_all("a"), headers.get("c"), headers.get_all("c")) == ("1", ["1", "3"], "", [])
    assert ("a" in headers, "c" in headers, list(headers)) == (True, False, ["a", "b"])
    assert list(headers.items()) == [("a", "1"), ("a", "3"), ("b", "2")]
    headers.replace("a", "4")
    assert headers.get_all("a") == ["4"]


def test_parameters_are_decoded_in_order_and_once() -> None:
    asked = request("a=1&b=x%20y+z&a=2&empty=&flag")
    assert asked.params == {"a": ["1", "2"], "b": ["x y z"], "empty": [""], "flag": [""]}
    assert asked.params is asked.params
    assert (asked.param("a"), asked.param("none", "?")) == ("1", "?")
    assert request().params == {}


def test_a_chunk_is_framed_by_its_size() -> None:
    assert chunk_frame(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
