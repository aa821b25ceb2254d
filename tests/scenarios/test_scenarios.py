"""Every text file beside this one is a scenario; see README.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steersman.testing import virtual_time
from steersman.testing.script import Stanza, compare, parse, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from steersman.testing.scenario import Scenario

    Opened = Callable[[], AbstractAsyncContextManager[Scenario]]

SCENARIOS = sorted(Path(__file__).resolve().parent.glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, opened: Opened, request: pytest.FixtureRequest) -> None:
    stanzas = parse(path.read_text(), name=path.name)
    done = virtual_time.run(_run(stanzas, opened))
    if request.config.getoption("--rewrite"):
        path.write_text(render(done))
        return
    difference = compare(done)
    assert not difference, f"{path.name}:\n{difference}"


async def _run(stanzas: list[Stanza], opened: Opened) -> list[tuple[Stanza, list[str]]]:
    async with opened() as scenario:
        return [(s, [line for command in s.commands for line in await scenario.run(command)]) for s in stanzas]
