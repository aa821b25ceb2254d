"""`cel.bind(name, value, expression)`: a name for a value inside of one expression. Only device selectors enable it."""

from __future__ import annotations

from steersman.cel import macros
from steersman.cel.declarations import Library

BINDINGS = Library("bindings", {}, macros.BINDINGS)
