from __future__ import annotations

import pytest

from steersman.scheduler.devices import selectors as selectors_module
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.requests import read_requests
from steersman.scheduler.devices.selectors import SelectorError, Selectors

from .offers import SELECTORS, claim, compiled, device, offer, request


def one(model="x"):
    return read_slice(offer("s", device("a", x_model=model))).devices[0]


def class_of(*expressions):
    return {"metadata": {"name": "cls"}, "spec": {"selectors": [{"cel": {"expression": each}} for each in expressions]}}


def matches(*expressions):
    wanted = claim(request("r", *expressions))
    return SELECTORS.claim_matches(wanted, read_requests(wanted)[0][0], one())


def test_all_selectors_must_match():
    assert matches()
    assert matches("model=x", "model=x")
    assert not matches("model=x", "model=y")
    assert not matches("model=y", "fail")
    assert SELECTORS.class_matches(class_of(), one())
    assert SELECTORS.class_matches(class_of("model=x"), one())
    assert not SELECTORS.class_matches(class_of("model=y"), one())


def test_errors_name_the_selector():
    with pytest.raises(SelectorError, match=r"^claim ns/c: selector #1 on device d.example.com/p/a: CEL runtime error"):
        matches("model=x", "fail")
    with pytest.raises(SelectorError, match=r"^class cls: selector #0: CEL compile error: no such word$"):
        SELECTORS.class_matches(class_of("wrong"), one())


def test_a_device_is_asked_about_once():
    asked = []

    def counting(expression):
        asked.append(expression)
        return compiled(expression)

    counted, device_ = Selectors(compiled=counting), one()
    for _ in range(3):
        assert counted.class_matches(class_of("model=x"), device_)
    assert asked == ["model=x"]
    assert counted.class_matches(class_of("model=x"), one())
    assert asked == ["model=x"] * 2


def test_only_so_many_answers_are_kept(monkeypatch):
    monkeypatch.setattr(selectors_module, "KEPT_MAX", 2)
    kept = one()
    for value in "abcd":
        SELECTORS.class_matches(class_of(f"model={value}"), kept)
    assert len(kept.matches) <= 2
