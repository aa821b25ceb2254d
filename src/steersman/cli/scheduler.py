"""steersman scheduler: the scheduler as a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steersman.cli.standalone import EXISTING, in_foreground, standalone_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Run the scheduler alone, in the foreground.")
@standalone_options
@click.option("--config", type=EXISTING, help="A KubeSchedulerConfiguration (YAML), as kube-scheduler's --config.")
def scheduler(
    kubeconfig: Path | None, config: Path | None, leader_elect: bool | None, log_format: str, log_level: str
) -> None:
    """Run the scheduler alone, in the foreground, for a cluster whose API server is elsewhere.

    Which user it comes as says the kubeconfig: system:kube-scheduler has the rights that it needs. It waits for the
    lease kube-system/kube-scheduler unless it is told not to.
    """

    def run() -> None:
        from steersman.cluster.standalone_scheduler import run_scheduler  # noqa: PLC0415 - numpy is imported for it

        run_scheduler(kubeconfig=kubeconfig, config=config, leader_elect=leader_elect, say=click.echo)

    in_foreground(run, log_format=log_format, log_level=log_level)
