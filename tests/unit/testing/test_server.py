"""The line that says a server is ready, and what happens when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman.testing.server import NotReady, ServerProcess, ready_url

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "line",
    [
        "steersman apiserver is ready at https://127.0.0.1:6443 (kubeconfig: data/kubeconfig)\n",
        "ready: https://127.0.0.1:6443\n",
        "https://127.0.0.1:6443 is ready, store sqlite\n",
    ],
)
def test_the_ready_line_carries_the_url(line: str) -> None:
    assert ready_url(line) == "https://127.0.0.1:6443"


def test_other_lines_carry_none() -> None:
    assert ready_url("listening on https://127.0.0.1:6443\n") == ""


def test_a_server_that_ends_at_once_is_not_ready(tmp_path: Path) -> None:
    with (
        pytest.raises(NotReady, match="no-such-option"),
        ServerProcess(data_dir=tmp_path, arguments=["--no-such-option"]),
    ):
        pass
