"""What keeps a server from starting is said in one line, with what to do about it; nothing is changed on the disk."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from steersman.lib.clock import SystemClock
from steersman.store.catalog import load_driver
from steersman.store.interface import Put

if TYPE_CHECKING:
    from pathlib import Path

USER_VERSION_AT = 60


def refused(*arguments: str, s_max: float = 20) -> str:
    """What `steersman apiserver` prints when it does not start, which must be one line that is no traceback."""
    command = [sys.executable, "-m", "steersman", "apiserver", "--port", "0", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=s_max, check=False)
    assert ended.returncode in (1, 2), ended.stdout + ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line]
    assert lines[-1].startswith("Error: "), ended.stderr
    assert "Traceback" not in ended.stderr
    return lines[-1]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A data file that has been in use."""
    path = tmp_path_factory.mktemp("used") / "store.db"

    async def fill() -> None:
        store = load_driver("sqlite")(path=path, clock=SystemClock())
        await store.start()
        for number in range(300):
            await store.commit((), (Put(f"/registry/things/{number:03}", b"%d" % number * 300),))
        await store.stop()

    asyncio.run(fill())
    return path.read_bytes()


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        message = refused("--data-dir", str(tmp_path / "data"), "--port", port)
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in message
    assert "--port" in message


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refused("--data-dir", str(tmp_path / "file" / "data"))
    assert f"{tmp_path}/file/data: Not a directory; choose a folder you may write" in message


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("cut short", "is damaged"),
        ("cut in its head", "is no SQLite file or its beginning is lost"),
        ("overwritten in the middle", "is damaged"),
        ("newer", "was written by a newer version (schema 99"),
        ("somebody else's", "belongs to another program"),
    ],
)
def test_a_data_file_that_cannot_be_used_stays_as_it_is(tmp_path: Path, used: bytes, how: str, said: str) -> None:
    content = {
        "cut short": used[: len(used) // 2],
        "cut in its head": used[:60],
        "overwritten in the middle": used[: len(used) // 2] + bytes(20_000) + used[len(used) // 2 + 20_000 :],
        "newer": used[:USER_VERSION_AT] + struct.pack(">I", 99) + used[USER_VERSION_AT + 4 :],
        "somebody else's": used[:68] + b"ABCD" + used[72:],
    }[how]
    path = tmp_path / "store.db"
    path.write_bytes(content)
    message = refused("--data-dir", str(tmp_path))
    assert f"{path}" in message
    assert said in message
    assert path.read_bytes() == content
    assert not (tmp_path / "kubeconfig").exists()


def test_a_token_file_with_a_bad_line(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('good,user,uid,"group"\n\nonly-one-field\n')
    message = refused("--data-dir", str(tmp_path / "data"), "--token-auth-file", str(tokens))
    assert "--token-auth-file" in message
    assert "line 3" in message
    assert "only-one-field" not in message, "it may be somebody's token"


def test_a_configuration_file_that_makes_no_sense(tmp_path: Path) -> None:
    path = tmp_path / "steersman.yaml"
    path.write_text("port: many\n")
    message = refused("--data-dir", str(tmp_path / "data"), "--config", str(path))
    assert f"--config {path}: port: 'many' is not" in message


def test_a_service_range_that_is_none(tmp_path: Path) -> None:
    message = refused("--data-dir", str(tmp_path / "data"), "--service-cidr", "10.96.0.1/16")
    assert "--service-cidr: 10.96.0.1/16 has host bits set" in message


def test_an_unknown_store(tmp_path: Path) -> None:
    message = refused("--data-dir", str(tmp_path / "data"), "--store", "postgres")
    assert "--store" in message
    assert "postgres" in message
    assert "sqlite" in message


def test_an_etcd_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    begun = time.monotonic()
    message = refused("--data-dir", str(tmp_path / "data"), "--store", f"etcd://127.0.0.1:{port}")
    assert time.monotonic() - begun < 10
    assert f"127.0.0.1:{port}" in message
    assert "start etcd or correct the address" in message
