"""A disk that fills while the server runs: what was acknowledged stays, reads go on, writes say why they do not."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.testing.rest import RestClient
    from steersman.testing.server import ServerProcess

MAPS = "/api/v1/namespaces/default/configmaps"
DISK_MIB = 24


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB; who may not mount one cannot run these tests."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root, and the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_writes_and_nothing_else(
    small_disk: Path, serve: Callable[..., ServerProcess], client: Callable[..., RestClient]
) -> None:
    server = serve(small_disk / "data")
    admin = client(server)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((DISK_MIB - 12) << 20))
    acknowledged: dict[str, Any] = {}
    refused = None
    for number in range(40):
        name = f"filling-{number}"
        answer = admin.ask("POST", MAPS, {"metadata": {"name": name}, "data": {"filling": "x" * 500_000}})
        if answer.status != 201:
            refused = answer
            break
        acknowledged[name] = answer.body
    assert refused is not None
    assert (refused.status, refused.body["reason"]) == (500, "InternalError")
    assert "is full; free some space (what was written before is safe)" in refused.body["message"]

    assert check(admin) == acknowledged
    assert admin.ask("GET", "/livez").status == 200
    ballast.unlink()
    answer = admin.ask("POST", MAPS, {"metadata": {"name": "after"}})
    assert answer.status == 201, answer.body
    acknowledged["after"] = answer.body
    assert check(admin) == acknowledged
    assert server.stop().code == 0
    assert "Traceback" not in server.log_tail()
    assert check(client(serve(small_disk / "data"))) == acknowledged


def check(client: RestClient) -> dict[str, Any]:
    """Everything there is, by name, as a single read shows it."""
    answer = client.ask("GET", MAPS)
    assert answer.status == 200, answer.body
    type_meta = {"kind": "ConfigMap", "apiVersion": "v1"}
    return {item["metadata"]["name"]: type_meta | item for item in answer.body["items"]}
