"""What a stranger meets at the real server: nothing is told, nothing is left open, secrets are not readable by others."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import stat
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from steersman.testing.server import ServerProcess

SECRET_PATHS = [
    "/api/v1/namespaces/kube-system/secrets",
    "/api/v1/secrets",
    "/api/v1/nodes",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/metrics",
    "/apis",
    "/openapi/v2",
    "/api/v1/namespaces/default/pods/x/exec",
    "/nosuch",
]


def ask(
    server: ServerProcess, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: Any = None
) -> tuple[int, Any]:
    """Status and decoded body of one request over TLS that is verified against the server's own CA."""
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(server.ca))
    connection = http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=10)
    try:
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers or {})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_json = (answer.headers.get("Content-Type") or "").startswith("application/json")
    return answer.status, json.loads(text) if is_json else text.decode()


def raw(server: ServerProcess, data: bytes) -> bytes:
    """What comes back for bytes as they are, until the server closes or says no more for a second."""
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(server.ca))
    received = b""
    with (
        socket.create_connection((where.hostname, where.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as connection,
    ):
        connection.settimeout(1)
        connection.sendall(data)
        try:
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            pass
    return received


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_an_anonymous_user_is_refused_before_anything_is_looked_up(server: ServerProcess, path: str) -> None:
    status, body = ask(server, path)
    assert status == 403
    assert body["reason"] == "Forbidden"
    assert "system:anonymous" in body["message"]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
def test_what_everybody_may_ask(server: ServerProcess, path: str) -> None:
    assert ask(server, path)[0] == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer nothing",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.",
        "Bearer a.b.c",
        f"Bearer {'x' * 5000}",
    ],
)
def test_a_token_that_nobody_issued_is_no_login(server: ServerProcess, authorization: str) -> None:
    """In particular one that names no algorithm: it is refused, not taken for anonymous."""
    status, body = ask(server, "/api/v1/pods", headers={"Authorization": authorization})
    assert (status, body["reason"]) == (401, "Unauthorized")


def test_impersonation_is_a_right(server: ServerProcess) -> None:
    admin = {"Authorization": "Bearer admin-token"}
    alice = {"Authorization": "Bearer alice-token"}
    assert ask(server, "/api/v1/pods", headers={**admin, "Impersonate-User": "bob"})[0] == 403
    status, body = ask(server, "/api/v1/pods", headers={**alice, "Impersonate-User": "admin"})
    assert status == 403
    assert "impersonate" in body["message"]
    status, body = ask(server, "/api/v1/pods", headers={**alice, "Impersonate-Group": "system:masters"})
    assert status >= 400


def test_front_proxy_headers_of_a_stranger_mean_nothing(server: ServerProcess) -> None:
    """X-Remote-User counts only from a client whose certificate the front proxy's CA signed."""
    headers = {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"}
    status, body = ask(server, "/api/v1/secrets", headers=headers)
    assert status == 403
    assert "system:anonymous" in body["message"]


def test_rights_are_of_one_namespace(server: ServerProcess) -> None:
    admin = {"Authorization": "Bearer admin-token"}
    alice = {"Authorization": "Bearer alice-token"}
    role = {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "alice"}],
    }
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    assert ask(server, f"{rbac}/roles", method="POST", headers=admin, body=role)[0] == 201
    assert ask(server, f"{rbac}/rolebindings", method="POST", headers=admin, body=binding)[0] == 201
    assert ask(server, "/api/v1/namespaces/default/configmaps/none", headers=alice)[0] == 404
    assert ask(server, "/api/v1/namespaces/kube-system/configmaps/none", headers=alice)[0] == 403
    assert ask(server, "/api/v1/namespaces/default/configmaps", headers=alice)[0] == 403
    assert ask(server, "/api/v1/namespaces/default/configmaps/none", method="DELETE", headers=alice)[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/default/configmaps/..%2f..%2fkube-system%2fconfigmaps%2fx",
        "/api/v1/namespaces/..%2fkube-system/configmaps",
        "/api/v1/namespaces/default/configmaps/%00",
        "//api/v1/secrets",
        "/api//v1/secrets",
        "/./api/v1/secrets",
    ],
)
def test_a_path_means_what_it_says(server: ServerProcess, path: str) -> None:
    """Dots, double slashes and escapes never turn a path into another one that would be allowed or found."""
    assert ask(server, path)[0] >= 300
    assert ask(server, path, headers={"Authorization": "Bearer admin-token"})[0] >= 300


def test_a_message_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed(server: ServerProcess) -> None:
    smuggled = (
        b"POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    answer = raw(server, smuggled)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",  # no Host
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00 not http at all\r\n\r\n",
    ],
)
def test_malformed_messages_are_refused(server: ServerProcess, request_bytes: bytes) -> None:
    answer = raw(server, request_bytes)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_a_body_over_the_limit_is_refused_unread(server: ServerProcess) -> None:
    head = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n"
    answer = raw(server, head + b"Content-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 413")


def test_deep_nesting_is_refused_and_the_server_lives(server: ServerProcess) -> None:
    admin = {"Authorization": "Bearer admin-token", "Content-Type": "application/json"}
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(server.ca))
    for content_type, deep in (
        ("application/json", '{"data":' * 100_000),
        ("application/yaml", "[" * 100_000),
        ("application/yaml", "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*{p}, *{p}]\n" for i, p in enumerate(["a"] * 40))),
    ):
        connection = http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=20)
        headers = {**admin, "Content-Type": content_type}
        connection.request("POST", "/api/v1/namespaces/default/configmaps", body=deep, headers=headers)
        assert 400 <= connection.getresponse().status < 500
        connection.close()
    assert ask(server, "/healthz")[0] == 200


def test_old_protocols_are_not_spoken(server: ServerProcess) -> None:
    where = urlsplit(server.url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection((where.hostname, where.port), timeout=5) as plain,
        pytest.raises((ssl.SSLError, ConnectionResetError)),
    ):
        context.wrap_socket(plain, server_hostname=where.hostname)


def test_plain_http_gets_nothing(server: ServerProcess) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=5) as plain:
        plain.settimeout(5)
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            answer = plain.recv(1000)
        except ConnectionResetError:
            answer = b""
    assert b"200" not in answer


def test_keys_and_kubeconfig_are_readable_by_their_owner_only(server: ServerProcess) -> None:
    secret = [server.kubeconfig, *server.data_dir.glob("pki/**/*.key"), *server.data_dir.glob("store.db*")]
    assert len(secret) > 3
    open_files = {
        str(path.name): oct(stat.S_IMODE(path.stat().st_mode)) for path in secret if path.stat().st_mode & 0o077
    }
    assert not open_files


def test_what_went_wrong_inside_is_not_told(server: ServerProcess) -> None:
    """No answer carries a Python traceback, a module path or a file of the data directory."""
    admin = {"Authorization": "Bearer admin-token"}
    for path in (
        "/api/v1/namespaces/default/configmaps?limit=x",
        "/api/v1/pods?resourceVersion=x",
        "/api/v1/pods?continue=x",
    ):
        _, body = ask(server, path, headers=admin)
        text = json.dumps(body)
        assert "Traceback" not in text
        assert ".py" not in text
        assert str(server.data_dir) not in text
