"""Words that every signature uses."""

from __future__ import annotations

from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""An API object, or part of one, in its wire form: JSON names, JSON values."""
