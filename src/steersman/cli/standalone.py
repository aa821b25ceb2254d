"""What commands have in common that run a part of a control plane whose API server is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def standalone_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --kubeconfig, --leader-elect, --log-format and --log-level."""
    for option in (
        click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info"),
        click.option("--log-format", type=click.Choice(["text", "json"]), default="text"),
        click.option(
            "--leader-elect",
            type=click.BOOL,
            is_flag=False,
            flag_value=True,
            help="Wait for the lease before it works.  [default: true]",
        ),
        click.option(
            "--kubeconfig",
            type=EXISTING,
            help="Where the API server is and as whom to come.  [default: in a pod, its cluster and service account]",
        ),
    ):
        command = option(command)
    return command


def in_foreground(run: Callable[[], None], *, log_format: str, log_level: str) -> None:
    """Return when it has been told to stop, and has. Raises click.ClickException."""
    from steersman.cluster.errors import StartError  # noqa: PLC0415 - see cli.foreground
    from steersman.lib import log  # noqa: PLC0415

    log.configure(level=log_level, form=log.Format(log_format))
    try:
        run()
    except StartError as error:
        raise click.ClickException(str(error)) from None
