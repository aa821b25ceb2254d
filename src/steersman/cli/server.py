"""steersman server: the control plane in one process."""

from __future__ import annotations

from typing import Any

import click

from steersman.cli.options import config_from, server_options
from steersman.cluster.run import StartError, run_server


@click.command(short_help="Run the whole control plane, in the foreground.")
@server_options
def server(**options: Any) -> None:
    """Run the whole control plane, in the foreground.

    For now that is the API server; scheduler and controllers join it later.
    """
    config = config_from(options)
    try:
        run_server(config, say=click.echo)
    except StartError as error:
        raise click.ClickException(str(error)) from None
