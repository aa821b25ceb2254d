"""steersman why: what the scheduler's plugins say about every node for one pod."""

from __future__ import annotations

import os
from pathlib import Path

import click

from steersman.cli.standalone import EXISTING, in_foreground


@click.command(short_help="Show what the scheduler says of every node for a pod.")
@click.argument("pod")
@click.option("-n", "--namespace", default="", help="The pod's.  [default: the kubeconfig's, or default]")
@click.option("--kubeconfig", type=EXISTING, help="Where the cluster is.  [default: $KUBECONFIG, ~/.kube/config]")
@click.option("--config", type=EXISTING, help="The scheduler's KubeSchedulerConfiguration, if it has one.")
def why(pod: str, namespace: str, kubeconfig: Path | None, config: Path | None) -> None:
    """Show what each plugin of the scheduler says about every node for POD, as things are now.

    A node that cannot take the pod is shown with the plugin that refused it first, and why; the others with the
    weighted score of every plugin. A pod that is bound is judged as if it were not. Nothing is changed.
    """
    path = kubeconfig or Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")

    def run() -> None:
        from steersman.cluster.why import why_pod  # noqa: PLC0415 - numpy is imported for it
        from steersman.scheduler.explanation import table  # noqa: PLC0415

        found = why_pod(kubeconfig=path, config=config, namespace=namespace, name=pod)
        for plugin, reason in found.explanation.held_back:
            click.echo(f"It is not queued: {plugin}: {reason}")
        for row in aligned(table(found.explanation)):
            click.echo(row)
        click.echo(f"It is on {found.node}." if found.node else "It is not bound.")

    in_foreground(run, log_format="text", log_level="error")


def aligned(rows: list[list[str]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
