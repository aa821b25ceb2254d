"""What passes a proxy: headers of requests and answers, and links."""

from __future__ import annotations

import asyncio

import pytest

from steersman.apiserver.outbound.forwarding import Links, answer_headers, canonical, is_upgrade, request_headers
from steersman.lib.http.message import Connection, Headers, Request


class Socket(asyncio.Transport):
    def get_extra_info(self, name, default=None):
        return ("192.0.2.1", 4711) if name == "peername" else default


def headers_of(*pairs: tuple[str, str]) -> Headers:
    headers = Headers()
    for name, value in pairs:
        headers.add(name, value)
    return headers


def request(*pairs: tuple[str, str]) -> Request:
    connection = Connection(Socket())
    return Request("GET", "/p", "/p", "", headers_of(*pairs), b"", connection.peer, connection)


LINKS = Links(prefix="/api/v1/namespaces/n/pods/p/proxy", backend="10.0.0.1:80", host="localhost:8001")


class TestRequests:
    def test_what_concerns_one_connection_stays(self) -> None:
        sent = request_headers(
            request(
                ("connection", "keep-alive, x-mine"),
                ("keep-alive", "3"),
                ("x-mine", "1"),
                ("transfer-encoding", "chunked"),
                ("accept", "*/*"),
            )
        )
        assert sent == (("Accept", "*/*"), ("X-Forwarded-For", "192.0.2.1"))

    def test_credentials_end_where_they_were_verified(self) -> None:
        sent = request_headers(
            request(
                ("authorization", "Bearer x"),
                ("x-remote-user", "u"),
                ("x-remote-group", "g"),
                ("x-remote-extra-k", "v"),
                ("impersonate-user", "u"),
                ("sec-websocket-protocol", "base64url.bearer.authorization.k8s.io.eHg, a, b"),
            )
        )
        assert sent == (("Sec-Websocket-Protocol", "a,b"), ("X-Forwarded-For", "192.0.2.1"))

    def test_who_asked_before_is_kept(self) -> None:
        sent = request_headers(request(("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "10.0.0.2")))
        assert sent == (("X-Forwarded-For", "198.51.100.7, 10.0.0.2, 192.0.2.1"),)

    def test_what_is_added_replaces_what_was_sent(self) -> None:
        sent = dict(request_headers(request(("x-forwarded-uri", "/forged")), added=(("X-Forwarded-Uri", "/true"),)))
        assert sent["X-Forwarded-Uri"] == "/true"

    def test_an_upgrade_is_passed_on_when_it_is_asked_for(self) -> None:
        asked = request(("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "k"))
        assert is_upgrade(asked.headers)
        assert dict(request_headers(asked, keep_upgrade=True)) == {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-Websocket-Key": "k",
            "X-Forwarded-For": "192.0.2.1",
        }
        assert "Upgrade" not in dict(request_headers(asked))

    def test_a_client_that_takes_trailers_is_said_to(self) -> None:
        assert ("Te", "trailers") in request_headers(request(("te", "gzip, trailers")))


class TestAnswers:
    def test_framing_is_made_anew_and_all_else_is_kept(self) -> None:
        answer = headers_of(
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
            ("date", "x"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("content-type", "text/plain"),
        )
        assert answer_headers(answer) == (
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Content-Type", "text/plain"),
        )

    def test_pages_of_this_server_open_nothing_for_other_origins(self) -> None:
        answer = headers_of(("access-control-allow-origin", "*"))
        assert answer_headers(answer, links=LINKS) == ()
        assert answer_headers(answer) == (("Access-Control-Allow-Origin", "*"),)

    def test_a_redirect_leads_through_the_proxy(self) -> None:
        answer = headers_of(("location", "http://10.0.0.1:80/login?x=1"))
        assert answer_headers(answer, links=LINKS) == (("Location", f"{LINKS.prefix}/login?x=1"),)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/x?a#b", f"{LINKS.prefix}/x?a#b"),
        ("/", f"{LINKS.prefix}/"),
        ("http://10.0.0.1:80/x", f"{LINKS.prefix}/x"),
        ("http://localhost:8001/x", f"http://localhost:8001{LINKS.prefix}/x"),
        (f"http://localhost:8001{LINKS.prefix}/x", f"http://localhost:8001{LINKS.prefix}/x"),
        (f"{LINKS.prefix}/x", f"{LINKS.prefix}/x"),
        ("http://example.com/x", "http://example.com/x"),
        ("//example.com/x", "//example.com/x"),
        ("relative/x", "relative/x"),
        ("mailto:a@b", "mailto:a@b"),
        ("#top", "#top"),
        ("", ""),
        ("http://10.0.0.1:80", "http://10.0.0.1:80"),
        ("/a%2Fb", f"{LINKS.prefix}/a%2Fb"),
    ],
)
def test_links_to_the_backend_lead_through_the_proxy(link: str, expected: str) -> None:
    assert LINKS.rewrite(link) == expected


def test_names_look_as_people_write_them() -> None:
    assert canonical("x-forwarded-for") == "X-Forwarded-For"
