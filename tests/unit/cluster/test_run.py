"""A server that cannot start says what to do, and leaves nothing behind."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

import pytest

from steersman.cluster.config import ServerConfig
from steersman.cluster.errors import StartError
from steersman.cluster.run import RunningServer
from steersman.lib.clock import SystemClock
from steersman.store.catalog import StoreAddress

if TYPE_CHECKING:
    from pathlib import Path


def server(config: ServerConfig) -> RunningServer:
    return RunningServer(config, clock=SystemClock(), rng=random.Random(1), failed=lambda: None)


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1 port {port}: .*--port"):
            async with server(ServerConfig(data_dir=tmp_path, port=port)):
                pass


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"--data-dir .*choose a folder you may write"):
        async with server(ServerConfig(data_dir=tmp_path / "file" / "data", port=0)):
            pass


async def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("only,two\n")
    config = ServerConfig(data_dir=tmp_path / "data", port=0, store=StoreAddress("memory"), token_auth_file=tokens)
    with pytest.raises(StartError, match="--token-auth-file"):
        async with server(config):
            pass


async def test_what_is_written_once_is_kept_and_the_kubeconfig_is_the_owners(tmp_path: Path) -> None:
    config = ServerConfig(data_dir=tmp_path / "data", port=0, store=StoreAddress("memory"))
    async with server(config) as first:
        kubeconfig = first.kubeconfig.read_text()
        ca = (tmp_path / "data" / "pki" / "ca.crt").read_bytes()
        assert first.url in kubeconfig
        assert first.kubeconfig.stat().st_mode & 0o777 == 0o600
    async with server(config):
        assert (tmp_path / "data" / "pki" / "ca.crt").read_bytes() == ca


async def test_a_second_server_on_one_store_is_refused(tmp_path: Path) -> None:
    config = ServerConfig(data_dir=tmp_path / "data", port=0)
    async with server(config):
        with pytest.raises(StartError, match="in use"):
            async with server(config):
                pass
