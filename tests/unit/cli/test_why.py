from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from steersman.cli.main import main
from steersman.cli.why import aligned

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert aligned([["NODE", "VERDICT"], ["a", "chosen"], ["long-name", "-"]]) == [
        "NODE       VERDICT",
        "a          chosen",
        "long-name  -",
    ]


def test_without_a_cluster_it_says_what_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["why", "p"], env={"KUBECONFIG": str(tmp_path / "none")})
    assert result.exit_code == 1
    assert "name a kubeconfig file that can be read" in result.output
