"""The command line as a whole: help, version, unknown commands, and what is imported for each."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from steersman import KUBERNETES_VERSION, __version__
from steersman.cli.catalog import COMMANDS
from steersman.cli.main import main


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_lists_every_command(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert f"{name}  " in result.output
        assert line in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: main {name}" in result.output


def test_the_version_says_whose_api_it_is() -> None:
    result = CliRunner().invoke(main, ["version"])
    assert result.output == f"steersman {__version__} (Kubernetes {KUBERNETES_VERSION})\n"


def test_a_command_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(main, ["sail"])
    assert (result.exit_code, "No such command 'sail'" in result.output) == (2, True)


def test_listing_commands_imports_none_of_them() -> None:
    code = (
        "import sys; from steersman.cli.main import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1].split()
    assert not {module.partition(":")[0] for module, _ in COMMANDS.values()} & set(modules)
