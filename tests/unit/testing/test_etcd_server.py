"""The etcd that tests start."""

from __future__ import annotations

import socket

import pytest

from steersman.testing.etcd_server import EtcdServer, etcd_binary

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="etcd is not installed (Debian's etcd-server)")


def test_it_answers_inside_the_context_and_is_gone_after_it(tmp_path):
    with EtcdServer(tmp_path) as server:
        host, port = server.endpoint.split(":")
        socket.create_connection((host, int(port)), timeout=1).close()
        assert server.cpu_s() >= 0
    with pytest.raises(OSError):
        socket.create_connection((host, int(port)), timeout=1)
    server.stop()


def test_a_server_that_cannot_start_shows_its_log(tmp_path):
    with pytest.raises(RuntimeError, match="no-such-flag"):
        EtcdServer(tmp_path, arguments=("--no-such-flag",)).start()
