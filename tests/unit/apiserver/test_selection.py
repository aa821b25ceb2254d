"""Selectors of list and watch, against cached entries."""

from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.api.errors import BadRequest
from steersman.apiserver.options import ListOptions
from steersman.apiserver.selection import select
from steersman.store.watchcache import Entry

PREFIX = "/registry/pods/"


def entry(namespace: str = "d", name: str = "a", node: str = "", **labels: str) -> Entry:
    key = f"{PREFIX}{namespace}/{name}"
    return Entry(key=key, revision=1, body=b"", labels=labels, fields={"spec.nodeName": node})


def chosen(entries: list[Entry], labels: str = "", fields: str = "") -> list[str]:
    selection = select(PODS, ListOptions(label_selector=labels, field_selector=fields), prefix=PREFIX)
    return [item.key.removeprefix(PREFIX) for item in entries if selection.matches(item)]


ENTRIES = [entry(name="a", app="x"), entry(name="b", node="n1"), entry("e", "a", node="n2", app="y")]


@pytest.mark.parametrize(
    ("labels", "fields", "expected"),
    [
        ("", "", ["d/a", "d/b", "e/a"]),
        ("app", "", ["d/a", "e/a"]),
        ("app notin (x)", "", ["d/b", "e/a"]),
        ("", "metadata.name=a", ["d/a", "e/a"]),
        ("", "metadata.namespace!=d", ["e/a"]),
        ("", "spec.nodeName=", ["d/a"]),
        ("app=y", "spec.nodeName=n2,metadata.name=a", ["e/a"]),
    ],
)
def test_labels_and_fields_both_have_to_match(labels: str, fields: str, expected: list[str]) -> None:
    assert chosen(ENTRIES, labels, fields) == expected


def test_no_selector_spares_the_question() -> None:
    assert select(PODS, ListOptions(), prefix=PREFIX).everything
    assert not select(PODS, ListOptions(label_selector="a"), prefix=PREFIX).everything


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"spec\.image"):
        select(PODS, ListOptions(field_selector="spec.image=x"), prefix=PREFIX)


def test_one_object_is_a_range_of_one_key() -> None:
    selection = select(PODS, ListOptions(), prefix=f"{PREFIX}d/", name="a")
    assert selection.single
    assert selection.in_range(f"{PREFIX}d/a")
    assert not selection.in_range(f"{PREFIX}d/ab")
