"""What the composition root raises."""

from __future__ import annotations


class StartError(Exception):
    """The server cannot start; the message says what to do."""
