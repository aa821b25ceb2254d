"""Every command: name -> where it is, and the line that `steersman --help` shows. Commands are imported when they are
run.
"""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "apiserver": ("steersman.cli.apiserver:apiserver", "Run the API server alone, in the foreground."),
    "controllers": ("steersman.cli.controllers:controllers", "Run the controllers alone, in the foreground."),
    "scheduler": ("steersman.cli.scheduler:scheduler", "Run the scheduler alone, in the foreground."),
    "server": ("steersman.cli.server:server", "Run the whole control plane, in the foreground."),
    "why": ("steersman.cli.why:why", "Show what the scheduler says of every node for a pod."),
    "version": ("steersman.cli.version:version", "Show the version."),
}
