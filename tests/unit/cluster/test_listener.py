"""The socket that the server listens on."""

from __future__ import annotations

import os
import socket

import pytest

from steersman.cluster.errors import StartError
from steersman.cluster.listener import open_listener

PASSED = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}


def _passed_on(listener: socket.socket) -> int:
    """A descriptor of the socket, as a parent leaves it to its child."""
    return os.dup(listener.fileno())


def test_without_an_inherited_socket_one_is_bound() -> None:
    with open_listener("127.0.0.1", 0, environ={}) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_socket_that_was_passed_to_another_process_is_not_taken() -> None:
    with open_listener("127.0.0.1", 0, environ=PASSED, pid=8) as listener:
        assert listener.getsockname()[1] != 0


def test_clients_that_came_before_the_server_are_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as kept:
        address = kept.getsockname()
        with socket.create_connection(address):
            descriptor = _passed_on(kept)
            with open_listener("10.0.0.1", address[1], environ=PASSED, pid=7, first_fd=descriptor) as listener:
                assert not os.get_inheritable(listener.fileno())
                accepted, _ = listener.accept()
                accepted.close()


def test_a_socket_on_another_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as kept:
        descriptor = _passed_on(kept)
        with pytest.raises(StartError, match="--port says 1"):
            open_listener("127.0.0.1", 1, environ=PASSED, pid=7, first_fd=descriptor)


def test_what_is_no_tcp_socket_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        descriptor = _passed_on(datagrams)
        with pytest.raises(StartError, match="no TCP socket"):
            open_listener("127.0.0.1", 0, environ=PASSED, pid=7, first_fd=descriptor)
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(StartError, match=r"descriptor \d+ is none"):
        open_listener("127.0.0.1", 0, environ=PASSED, pid=7, first_fd=reading)
    os.close(reading)


def test_only_one_socket_is_taken() -> None:
    with pytest.raises(StartError, match="exactly one"):
        open_listener("127.0.0.1", 0, environ=PASSED | {"LISTEN_FDS": "2"}, pid=7, first_fd=0)
