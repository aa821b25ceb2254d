"""The text files in the folders beside this one are scenarios of a whole cluster; see README.md.

Each is run with several seeds: chance may decide names and orders, never what a scenario says. A comment
`# controllers: *,selinux_warning` says which controllers run, if not the usual ones; `# load balancers: 192.0.2.0/30`
where Services of type LoadBalancer have their addresses from.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from steersman.cluster.config import ServerConfig
from steersman.cluster.controller_options import ControllerOptions
from steersman.store.catalog import StoreAddress
from steersman.testing.cluster import AsyncCluster
from steersman.testing.cluster_scenario import ClusterScenario
from steersman.testing.held_time import HeldTimeLoop
from steersman.testing.script import Stanza, compare, parse, render

FOLDER = Path(__file__).resolve().parent
SCENARIOS = sorted(FOLDER.glob("*/*.txt"))
CONTROLLERS = re.compile(r"# controllers: (\S+)")
LOAD_BALANCERS = re.compile(r"# load balancers: (\S+)")
Told = list[tuple[Stanza, list[str]]]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(path: Path, root: Path, request: pytest.FixtureRequest) -> None:
    stanzas = parse(path.read_text(), name=path.name)
    if request.config.getoption("--rewrite"):
        path.write_text(render(told(stanzas, root, seed=0)))
        return
    for seed in range(request.config.getoption("--seeds")):
        difference = compare(told(stanzas, root, seed=seed))
        assert not difference, f"{path.name} with seed {seed}:\n{difference}"


def told(stanzas: list[Stanza], files: Path, *, seed: int) -> Told:
    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        return runner.run(_told(stanzas, files, seed))


async def _told(stanzas: list[Stanza], files: Path, seed: int) -> Told:
    async with AsyncCluster(seed=seed, config=config_of(stanzas, files)) as cluster:
        scenario = ClusterScenario(cluster=cluster, files=files)
        try:
            return [(s, [line for command in s.commands for line in await scenario.run(command)]) for s in stanzas]
        finally:
            await scenario.close()


def config_of(stanzas: list[Stanza], files: Path) -> ServerConfig | None:
    """None: the usual one."""
    options = ControllerOptions()
    for line in (line for stanza in stanzas for line in stanza.source):
        if match := CONTROLLERS.fullmatch(line):
            options = replace(options, controllers=tuple(match[1].split(",")))
        elif match := LOAD_BALANCERS.fullmatch(line):
            options = replace(options, load_balancer_cidr=tuple(match[1].split(",")))
    if options == ControllerOptions():
        return None
    return ServerConfig(data_dir=files, store=StoreAddress("memory"), controllers=options)
