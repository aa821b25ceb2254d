"""What an event is called."""

from __future__ import annotations

import pytest

from steersman.scheduler.events import NODE_ADDED, NODE_DELETED, NODE_UPDATED, Action, Kind, event_of


@pytest.mark.parametrize(
    ("old", "new", "kind"), [(None, {}, NODE_ADDED), ({}, {}, NODE_UPDATED), ({}, None, NODE_DELETED)]
)
def test_an_event_is_what_became_of_an_object(old, new, kind):
    assert event_of("nodes", old, new).kind == kind


def test_other_objects_go_by_their_plural_name():
    assert event_of("persistentvolumes", None, {}).kind == Kind("persistentvolumes", Action.ADDED)
