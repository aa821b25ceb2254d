"""All libraries, and the group of them that an API server of version 1.37 gives to every expression."""

from __future__ import annotations

from steersman.cel.libraries.authorizer import AUTHORIZER
from steersman.cel.libraries.bindings import BINDINGS
from steersman.cel.libraries.calendar import CALENDAR
from steersman.cel.libraries.comprehensions import COMPREHENSIONS
from steersman.cel.libraries.formats import NAMED_FORMATS
from steersman.cel.libraries.lists import LISTS
from steersman.cel.libraries.network import NETWORK
from steersman.cel.libraries.optional import OPTIONAL
from steersman.cel.libraries.quantity import QUANTITY
from steersman.cel.libraries.regexes import REGEXES
from steersman.cel.libraries.semver import SEMVER
from steersman.cel.libraries.standard import STANDARD
from steersman.cel.libraries.strings import STRINGS
from steersman.cel.libraries.urls import URLS

KUBERNETES = (
    STANDARD,
    CALENDAR,
    STRINGS,
    LISTS,
    URLS,
    REGEXES,
    AUTHORIZER,
    OPTIONAL,
    QUANTITY,
    NETWORK,
    NAMED_FORMATS,
    COMPREHENSIONS,
    SEMVER,
)
"""In the order in which overloads of one name are tried."""

DEVICES = (*KUBERNETES, BINDINGS)
"""For the selectors of dynamic resource allocation."""
