"""An ordered set that agrees with a sorted list."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.store.sorted_keys import SortedKeys, after_prefix

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=4)


def test_many_keys_stay_in_order_through_inserts_and_removals():
    chance = random.Random(1)
    keys, model = SortedKeys(), set()
    for _ in range(20_000):
        key = f"/{chance.randrange(6000)}"
        if key in model:
            keys.remove(key)
            model.discard(key)
        else:
            keys.add(key)
            model.add(key)
    assert list(keys.walk("")) == sorted(model)
    assert len(keys) == len(model)
    for prefix, start in (("/1", ""), ("/12", "/123"), ("/", "/4"), ("/9", "/0"), ("/0", "/9")):
        wanted = sorted(key for key in model if key.startswith(prefix) and key >= start)
        assert list(keys.walk(prefix, start)) == wanted
        assert keys.count(prefix, start) == len(wanted)
    for key in sorted(model):
        keys.remove(key)
    assert list(keys.walk("")) == []


def test_removing_what_is_absent_is_an_error():
    keys = SortedKeys(["a", "c"])
    with pytest.raises(KeyError):
        keys.remove("b")


@given(st.sets(texts), texts, texts)
def test_walk_and_count_agree_with_a_filter(content, prefix, start):
    keys = SortedKeys(content)
    wanted = sorted((key for key in content if key.startswith(prefix) and key >= start), key=str.encode)
    assert list(keys.walk(prefix, start)) == wanted
    assert keys.count(prefix, start) == len(wanted)


@pytest.mark.parametrize(
    ("prefix", "after"),
    [("", None), ("a", "b"), ("a/", "a0"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("\ud7ff", "\ue000")],
)
def test_after_prefix_is_the_next_text_without_it(prefix, after):
    assert after_prefix(prefix) == after
