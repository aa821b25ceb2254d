from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.api.errors import Forbidden
from steersman.api.scheduling.priority_class import PRIORITY_CLASSES
from steersman.apiserver.admission.priority import Priority

from .shelf import Shelf, pod, review


def _shelf(**classes):
    shelf = Shelf()
    for name, fields in classes.items():
        shelf.put(PRIORITY_CLASSES, {"preemptionPolicy": "PreemptLowerPriority", **fields}, name=name)
    return shelf


def _ranked(shelf, **spec):
    made = pod(**spec)
    Priority(reader=shelf).admit(review(PODS, made))
    return tuple(made["spec"].get(field) for field in ("priorityClassName", "priority", "preemptionPolicy"))


def test_a_class_becomes_a_number():
    assert _ranked(_shelf(high={"value": 9, "preemptionPolicy": "Never"}), priorityClassName="high") == (
        "high",
        9,
        "Never",
    )


def test_without_class_the_default_counts_and_the_lowest_of_several():
    assert _ranked(_shelf()) == (None, 0, "PreemptLowerPriority")
    shelf = _shelf(a={"value": 9, "globalDefault": True}, b={"value": 3, "globalDefault": True})
    assert _ranked(shelf)[:2] == ("b", 3)


def test_a_change_of_the_default_is_seen():
    shelf = _shelf()
    plugin = Priority(reader=shelf)
    plugin.admit(review(PODS, pod()))
    shelf.put(PRIORITY_CLASSES, {"value": 4, "globalDefault": True}, name="d")
    made = pod()
    plugin.admit(review(PODS, made))
    assert made["spec"]["priority"] == 4


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"priorityClassName": "none"}, "no PriorityClass with name none was found"),
        (
            {"priority": 5},
            r"the integer value of priority \(5\) must not be provided in pod spec; priority admission controller computed 0 from",
        ),
        (
            {"preemptionPolicy": "Never"},
            r"the string value of PreemptionPolicy \(Never\) must not be provided .* computed PreemptLowerPriority",
        ),
    ],
)
def test_the_number_is_not_the_authors(spec, why):
    with pytest.raises(Forbidden, match=why):
        _ranked(_shelf(), **spec)


def test_an_update_keeps_the_number():
    made = pod()
    Priority(reader=_shelf()).admit(review(PODS, made, old=pod(priority=7, preemptionPolicy="Never")))
    assert (made["spec"]["priority"], made["spec"]["preemptionPolicy"]) == (7, "Never")


def test_only_one_class_is_the_default():
    shelf = _shelf(d={"value": 1, "globalDefault": True})
    plugin = Priority(reader=shelf)
    second = {"metadata": {"name": "e"}, "globalDefault": True}
    for old in (None, {"metadata": {"name": "e"}}):
        with pytest.raises(Forbidden, match="PriorityClass d is already marked as default"):
            plugin.validate(review(PRIORITY_CLASSES, second, old))
    plugin.validate(
        review(PRIORITY_CLASSES, {"metadata": {"name": "d"}, "globalDefault": True}, {"metadata": {"name": "d"}})
    )
    plugin.validate(review(PRIORITY_CLASSES, {"metadata": {"name": "e"}}))
