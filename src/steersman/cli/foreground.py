"""What `apiserver` and `server` have in common: run until a signal, and say in one line why it was not possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from steersman.cluster.config import ServerConfig


def run_in_foreground(config: ServerConfig) -> None:
    """Return when the server has been told to stop, and has. Raises click.ClickException."""
    # Only who really starts a server pays for what one is made of; help, and complaints about options, come at once.
    from steersman.cluster.errors import StartError  # noqa: PLC0415
    from steersman.cluster.run import run_server  # noqa: PLC0415

    try:
        run_server(config, say=click.echo)
    except StartError as error:
        raise click.ClickException(str(error)) from None
