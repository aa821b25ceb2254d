"""steersman server: the control plane in one process."""

from __future__ import annotations

from typing import Any

import click

from steersman.cli.foreground import run_in_foreground
from steersman.cli.options import config_from, server_options


@click.command(short_help="Run the whole control plane, in the foreground.")
@server_options
def server(**options: Any) -> None:
    """Run the whole control plane, in the foreground.

    For now that is the API server; scheduler and controllers join it later.
    """
    run_in_foreground(config_from(options))
