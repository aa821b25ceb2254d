"""steersman version"""

from __future__ import annotations

import click

from steersman import KUBERNETES_VERSION, __version__


@click.command()
def version() -> None:
    """Show the version, and the Kubernetes version whose API it speaks."""
    click.echo(f"steersman {__version__} (Kubernetes {KUBERNETES_VERSION})")
