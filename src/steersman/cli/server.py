"""steersman server: the control plane in one process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from steersman.cli.controller_options import controller_options
from steersman.cli.foreground import run_in_foreground
from steersman.cli.options import config_from, server_options
from steersman.cluster.config import PARTS


@click.command(short_help="Run the whole control plane, in the foreground.")
@server_options
@controller_options
@click.option(
    "--only",
    metavar="PARTS",
    default=",".join(PARTS),
    show_default=True,
    help="Which parts run in this process, separated by commas.",
)
@click.option(
    "--leader-elect/--no-leader-elect",
    default=None,
    help="Whether controllers and scheduler wait for a lease before they work.  [default: with etcd]",
)
@click.option(
    "--scheduler-config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A KubeSchedulerConfiguration (YAML), as kube-scheduler's --config.",
)
@click.option(
    "--hollow-nodes",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="So many simulated nodes: to the API they are nodes, and no container runs.",
)
@click.option(
    "--hollow-behaviours",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rules (YAML) of what happens to simulated nodes and their pods.",
)
def server(
    only: str,
    leader_elect: bool | None,
    scheduler_config: Path | None,
    hollow_nodes: int,
    hollow_behaviours: Path | None,
    **options: Any,
) -> None:
    """Run the whole control plane, in the foreground.

    That is the API server, the controllers and the scheduler.
    """
    config = replace(config_from(options), parts=_parts(only), leader_elect=leader_elect)
    config = replace(config, hollow_nodes=hollow_nodes, hollow_behaviours=hollow_behaviours)
    run_in_foreground(replace(config, scheduler_config=scheduler_config))


def _parts(only: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in only.split(","))
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise click.UsageError(f"--only: no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if "apiserver" not in parts:
        raise click.UsageError("--only: parts without the API server beside them are not there yet; add apiserver")
    return parts
