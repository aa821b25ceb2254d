"""All libraries, and the group of them that an API server of version 1.37 gives to every expression."""

from __future__ import annotations

from steersman.cel.libraries.bindings import BINDINGS
from steersman.cel.libraries.calendar import CALENDAR
from steersman.cel.libraries.comprehensions import COMPREHENSIONS
from steersman.cel.libraries.optional import OPTIONAL
from steersman.cel.libraries.quantity import QUANTITY
from steersman.cel.libraries.semver import SEMVER
from steersman.cel.libraries.standard import STANDARD

KUBERNETES = (
    STANDARD,
    CALENDAR,
    OPTIONAL,
    QUANTITY,
    COMPREHENSIONS,
    SEMVER,
)
"""In the order in which overloads of one name are tried."""

DEVICES = (*KUBERNETES, BINDINGS)
"""For the selectors of dynamic resource allocation."""
