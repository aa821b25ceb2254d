"""What is assumed holds until something else is shown."""

from __future__ import annotations

import pytest

from steersman.client.informer import Informer
from steersman.client.request import Key
from steersman.scheduler.assumed import Assumed
from steersman.scheduler.framework import PluginError

from .volumes import volume

KEY = Key("", "v")


@pytest.fixture
def bench():
    informer = Informer()
    informer.add_index("class", lambda obj: (obj["spec"]["storageClassName"],))
    assumed = Assumed(informer=informer)
    informer.replace([volume(), volume("w")], "1")
    return informer, assumed


def test_what_is_assumed_is_found_everywhere_but_in_the_api(bench):
    _, assumed = bench
    held = volume(claimRef={"name": "c"})
    assumed.assume(held)
    assert assumed.get(KEY) is held
    assert assumed.shown(KEY) == volume()
    assert assumed.by_index("class", "s") == [held, volume("w")]
    assumed.restore(held)
    assert assumed.get(KEY) == volume()


def test_another_version_that_is_shown_wins(bench):
    informer, assumed = bench
    assumed.assume(volume(claimRef={"name": "c"}))
    informer.replace([volume(version=2)], "2")
    assert assumed.get(KEY) == volume(version=2)
    informer.replace([], "3")
    assert assumed.get(KEY) is None


def test_the_same_version_that_is_shown_again_does_not(bench):
    informer, assumed = bench
    held = volume(claimRef={"name": "c"})
    assumed.assume(held)
    informer.replace([volume(), volume("w", version=2)], "2")
    assert assumed.get(KEY) is held


def test_what_was_made_of_another_version_cannot_be_assumed(bench):
    _, assumed = bench
    with pytest.raises(PluginError, match=r'"v" is out of sync \(stored: 1, assume: 7\)'):
        assumed.assume(volume(version=7))
    with pytest.raises(PluginError):
        assumed.assume(volume("gone"))
    assert assumed.get(KEY) == volume()
