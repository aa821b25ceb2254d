"""What the rules of a resource say about an object, without a server: decode, default, prepare, judge, as the pipeline
does it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from steersman.api.resource import Context
from steersman.api.schema.decode import decode

if TYPE_CHECKING:
    from steersman.api.resource import Resource

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Context(now=NOW)


class Judge:
    """Asks one resource's hooks. Objects are given as a client would send them, without kind and name."""

    now = NOW

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    def defaulted(self, obj: dict[str, Any]) -> dict[str, Any]:
        decoded = decode(self.resource.schema(), {"metadata": {"name": "x", "namespace": "default"}} | obj).object
        if self.resource.strategy.default is not None:
            self.resource.strategy.default(decoded)
        if self.resource.strategy.default_moments is not None:
            self.resource.strategy.default_moments(decoded, NOW)
        return decoded

    def created(self, obj: dict[str, Any]) -> dict[str, Any]:
        """As it would be stored, if nothing were wrong with it."""
        made = self.defaulted(obj)
        made["metadata"]["uid"] = "u"
        if self.resource.strategy.prepare_create is not None:
            self.resource.strategy.prepare_create(made, CONTEXT)
        return made

    def errors(self, obj: dict[str, Any]) -> list[str]:
        """What is wrong with a new object."""
        validate = self.resource.strategy.validate
        return [] if validate is None else [str(error) for error in validate(self.created(obj))]

    def update_errors(self, new: dict[str, Any], old: dict[str, Any]) -> list[str]:
        """What is wrong with a change; `old` as `created` gives it."""
        strategy = self.resource.strategy
        changed = self.defaulted(new)
        if strategy.prepare_update is not None:
            strategy.prepare_update(changed, old, CONTEXT)
        assert strategy.validate_update is not None
        return [str(error) for error in strategy.validate_update(changed, old)]

    def status_errors(self, new: dict[str, Any], old: dict[str, Any]) -> list[str]:
        """What is wrong with `new` written through the status subresource."""
        view = self.resource.subresource("status")
        assert view is not None
        assert view.update is not None
        assert view.update.validate is not None
        return [str(error) for error in view.update.validate(new, old)]

    def cells(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The printer columns, by name."""
        return {column.name: column.value(obj, NOW) for column in self.resource.columns}


@pytest.fixture
def judge() -> type[Judge]:
    return Judge


def copied(obj: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(obj))
    return copy


@pytest.fixture
def change() -> Any:
    """`change(obj, "spec.replicas", 3)`: a copy with another value at a path; None takes it away."""

    def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
        copy = copied(obj)
        *holders, last = path.split(".")
        holder = copy
        for name in holders:
            holder = holder.setdefault(name, {})
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
        return copy

    return changed
