"""Classes that are used stay."""

from __future__ import annotations

from steersman.client.request import Key
from steersman.controllers.volumeattributesclass_protection import FINALIZER, classes_of, left_classes, plan

from .volumes import claim, volume


def test_every_class_is_protected_until_nothing_mentions_it():
    changed = plan({"metadata": {}}, used=False)
    assert changed is not None
    assert changed["metadata"]["finalizers"] == [FINALIZER]
    going = {"metadata": {"finalizers": [FINALIZER], "deletionTimestamp": "T"}}
    assert plan(going, used=True) is None
    gone = plan(going, used=False)
    assert gone is not None
    assert gone["metadata"]["finalizers"] == []
    assert plan(None, used=False) is None


def test_claims_mention_what_they_have_and_are_to_have():
    status = {"currentVolumeAttributesClassName": "b", "modifyVolumeStatus": {"targetVolumeAttributesClassName": "c"}}
    all_three = claim(volumeAttributesClassName="a", status=status)
    assert set(classes_of(all_three)) == {"a", "b", "c"}
    assert classes_of(volume(volumeAttributesClassName="a")) == ("a",)
    assert classes_of(claim()) == ()
    assert left_classes(all_three, claim(status={"currentVolumeAttributesClassName": "b"})) != []
    assert left_classes(volume(volumeAttributesClassName="a"), None) == [Key("", "a")]
    assert left_classes(None, all_three) == []
