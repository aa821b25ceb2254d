from __future__ import annotations

import random

import pytest

from steersman.apiserver.allocation.ports import PortLedger, PortOperation, PortRange, PortRefused

RANGE = PortRange(30000, 30039)


def ledger_of(**services: list[int]) -> PortLedger:
    ledger = PortLedger(RANGE)
    for key, ports in services.items():
        ledger.put(key, ports)
    return ledger


def operation(ledger: PortLedger, *, dry_run: bool = False) -> PortOperation:
    return PortOperation(ledger, random.Random(1), dry_run=dry_run)


@pytest.mark.parametrize(("size", "static"), [(16, 0), (17, 16), (2768, 86), (100000, 128)])
def test_the_lowest_ports_are_left_to_those_who_ask(size: int, static: int) -> None:
    assert PortRange(1, size).static_size == static


def test_the_dynamic_band_is_given_out_first_and_then_the_rest() -> None:
    ledger = ledger_of()
    given = [operation(ledger).allocate_next() for _ in range(RANGE.size)]
    assert sorted(given) == list(range(30000, 30040))
    assert min(given[:24]) == 30016
    with pytest.raises(PortRefused, match="range is full"):
        operation(ledger).allocate_next()


def test_what_a_service_has_is_taken_until_it_has_it_no_more() -> None:
    ledger = ledger_of(a=[30001], b=[30001, 30002])
    assert ledger.users(30001) == {"a", "b"}
    with pytest.raises(PortRefused, match="already allocated"):
        operation(ledger).allocate(30001)
    ledger.put("b", [])
    ledger.remove("a")
    assert len(ledger) == 0
    operation(ledger).allocate(30001)


def test_ports_outside_are_refused() -> None:
    with pytest.raises(PortRefused, match="The range of valid ports is 30000-30039"):
        operation(ledger_of()).allocate(29999)


def test_a_failed_write_gives_back_what_it_reserved() -> None:
    ledger = ledger_of()
    failed = operation(ledger)
    failed.allocate(30001)
    failed.allocate_next()
    failed.revert()
    assert len(ledger) == 0


def test_a_reservation_lasts_until_the_service_is_seen() -> None:
    ledger = ledger_of(a=[30001])
    write = operation(ledger)
    write.allocate(30002)
    write.commit("a")
    ledger.put("a", [30001])  # an older state, still on its way
    assert 30002 in ledger
    ledger.put("a", [30002])
    ledger.remove("a")
    assert len(ledger) == 0


@pytest.mark.parametrize("end", ["remove", "clear"])
def test_a_reservation_does_not_outlive_its_service(end: str) -> None:
    ledger = ledger_of()
    write = operation(ledger)
    write.allocate(30002)
    write.commit("a")
    if end == "remove":
        ledger.remove("a")
    else:
        ledger.clear()
    assert len(ledger) == 0


def test_a_dry_run_takes_nothing_but_sees_what_is_taken() -> None:
    ledger = ledger_of(a=[30001])
    dry = operation(ledger, dry_run=True)
    assert dry.allocate_next() == 32769
    with pytest.raises(PortRefused):
        dry.allocate(30001)
    with pytest.raises(PortRefused):
        dry.allocate(32769)
    dry.allocate(30005)
    dry.commit("b")
    dry.revert()
    assert len(ledger) == 1
