"""steersman apiserver: the API server alone."""

from __future__ import annotations

from typing import Any

import click

from steersman.cli.foreground import run_in_foreground
from steersman.cli.options import config_from, server_options


@click.command(short_help="Run the API server alone, in the foreground.")
@server_options
def apiserver(**options: Any) -> None:
    """Run the API server alone, in the foreground.

    Says in one line when it is ready, writes DATA_DIR/kubeconfig (an administrator's) and DATA_DIR/pki/, drains on
    SIGTERM.
    """
    run_in_foreground(config_from(options))
