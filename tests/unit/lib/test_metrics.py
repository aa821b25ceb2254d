"""Counting, and the text that scrapers read."""

from __future__ import annotations

import math

import pytest

from steersman.lib.metrics import Registry, Sample


def lines(registry: Registry) -> list[str]:
    return registry.render().decode().splitlines()


def test_a_family_without_labels_is_shown_from_the_start() -> None:
    registry = Registry()
    registry.counter("a_total", "How many a.")
    assert lines(registry) == ["# HELP a_total How many a.", "# TYPE a_total counter", "a_total 0"]


def test_a_family_with_labels_is_shown_once_it_has_a_series() -> None:
    registry = Registry()
    family = registry.gauge("g", "G.", ("x", "y"))
    assert registry.render() == b""
    family.labels("1", "2").set(0.5)
    assert lines(registry)[-1] == 'g{x="1",y="2"} 0.5'


def test_labels_give_the_same_child_again() -> None:
    family = Registry().counter("a_total", "A.", ("x",))
    family.labels("1").inc()
    family.labels("1").inc(2)
    assert family.labels("1").value == 3
    family.remove("1")
    assert family.labels("1").value == 0


def test_a_counter_cannot_fall() -> None:
    with pytest.raises(ValueError):
        Registry().counter("a_total", "A.").labels().inc(-1)


def test_a_gauge_moves_both_ways_or_asks_a_function() -> None:
    gauge = Registry().gauge("g", "G.").labels()
    gauge.set(5)
    gauge.inc()
    gauge.dec(2)
    assert gauge.value == 4
    gauge.set_function(lambda: 42)
    assert gauge.value == 42


def test_a_histogram_cumulates_and_a_bound_belongs_below() -> None:
    registry = Registry()
    histogram = registry.histogram("h", "H.", ("x",), buckets=(1, 2.5, math.inf)).labels("y")
    for value in (0.5, 1, 2, 3):
        histogram.observe(value)
    assert histogram.count == 4
    assert lines(registry)[2:] == [
        'h_bucket{x="y",le="1"} 2',
        'h_bucket{x="y",le="2.5"} 3',
        'h_bucket{x="y",le="+Inf"} 4',
        'h_sum{x="y"} 6.5',
        'h_count{x="y"} 4',
    ]


def test_special_characters_are_escaped() -> None:
    registry = Registry()
    registry.counter("a_total", 'One\ntwo\\ "three"', ("x",)).labels('q"\\\n').inc()
    assert lines(registry) == [
        '# HELP a_total One\\ntwo\\\\ "three"',
        "# TYPE a_total counter",
        r'a_total{x="q\"\\\n"} 1',
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e20, "1e+20"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (-2.0, "-2"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    registry = Registry()
    registry.gauge("g", "G.").labels().set(value)
    assert lines(registry)[-1] == f"g {text}"


def test_a_collector_is_asked_when_the_text_is_made() -> None:
    registry = Registry()
    samples: list[Sample] = []
    registry.collector("c", "C.", ("x",), lambda: samples, kind="gauge")
    assert registry.render() == b""
    samples.append(Sample(("1",), 3))
    assert lines(registry) == ["# HELP c C.", "# TYPE c gauge", 'c{x="1"} 3']


def test_peers_cannot_grow_a_family_without_bound() -> None:
    registry = Registry()
    family = registry.counter("a_total", "A.", ("x", "y"), series_max=3)
    for number in range(10):
        family.labels(str(number), "").inc()
    assert family.overflowed
    assert len(family.series()) == 4
    assert family.labels("overflow", "overflow").value == 7
    assert family.labels("2", "").value == 1


def test_slices_join_to_the_whole() -> None:
    registry = Registry()
    family = registry.histogram("h", "H.", ("x",))
    for number in range(1000):
        family.labels(str(number)).observe(1)
    registry.counter("b_total", "B.")
    slices = list(registry.render_slices(100))
    assert len(slices) == 11
    assert b"".join(slices) == registry.render()


def test_the_text_is_what_scrapers_read() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    registry = Registry()
    registry.counter("a_total", "A\nb.", ("x",)).labels('"\\\n').inc(2)
    registry.histogram("h", "H.").labels().observe(0.2)
    families = {family.name: family for family in parser.text_string_to_metric_families(registry.render().decode())}
    assert families["a"].samples[0].labels == {"x": '"\\\n'}
    assert families["h"].type == "histogram"


@pytest.mark.parametrize("name", ["", "1a", "a-b", "ä"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError):
        Registry().counter(name, "X.")


@pytest.mark.parametrize("label", ["", "1a", "a-b", "__a", "a:b"])
def test_bad_labels_are_refused(label: str) -> None:
    with pytest.raises(ValueError):
        Registry().counter("a_total", "X.", (label,))


def test_other_mistakes_are_refused() -> None:
    registry = Registry()
    family = registry.counter("a_total", "A.", ("x",))
    with pytest.raises(ValueError):
        registry.gauge("a_total", "A.")
    with pytest.raises(ValueError):
        family.labels("1", "2")
    with pytest.raises(ValueError):
        registry.histogram("h", "H.", buckets=(2, 1))
    with pytest.raises(ValueError):
        registry.histogram("h", "H.", ("le",))
    with pytest.raises(ValueError):
        registry.collector("c", "C.", (), list, kind="histogram")
