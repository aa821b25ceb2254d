"""Counters, gauges and histograms, and their text exposition (Prometheus text format 0.0.4).

A family has a name, a help text and label names; a child is one series of it. Look a child up once
(`family.labels(...)`), keep it, and count on the child: that is one addition. Values that something else already
keeps are read when they are asked for, by `Gauge.set_function` and `Registry.collector`.

`Registry.render()` makes the whole text at once; `Registry.render_slices()` the same in pieces between which a caller
can let the event loop run, because ten thousand series take tens of milliseconds.

Invariants: a name is registered once; a family has at most `series_max` children, further label values are counted on
one child whose labels are all "overflow", so that no peer can make the process grow by inventing values.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_SERIES_MAX = 10_000
_SLICE_SERIES = 100  # a histogram series costs 8 us
_OVERFLOW = "overflow"
_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Counter:
    """A value that only rises."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def inc(self, amount: float = 1) -> None:
        """Add `amount`, which is not negative. Hot code may write `child.value += 1` itself."""
        if amount < 0:
            raise ValueError("a counter cannot fall")
        self.value += amount


class Gauge:
    """A value that rises and falls."""

    __slots__ = ("_function", "_value")

    def __init__(self) -> None:
        self._value: float = 0
        self._function: Callable[[], float] | None = None

    def set(self, value: float) -> None:
        """Replace the value."""
        self._value = value

    def inc(self, amount: float = 1) -> None:
        """Add `amount`."""
        self._value += amount

    def dec(self, amount: float = 1) -> None:
        """Subtract `amount`."""
        self._value -= amount

    def set_function(self, function: Callable[[], float]) -> None:
        """Ask `function` for the value from now on."""
        self._function = function

    @property
    def value(self) -> float:
        """The current value."""
        return self._value if self._function is None else self._function()


class Histogram:
    """How often values fell into fixed ranges, with their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Per range, not cumulated; the last one has no upper bound."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count `value`; a bound belongs to the range below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values were observed."""
        return sum(self.counts)


_Child = TypeVar("_Child", Counter, Gauge, Histogram)


class Family(Generic[_Child]):
    """All series of one name."""

    __slots__ = ("_children", "_make", "_series_max", "help", "kind", "label_names", "name", "overflowed")

    def __init__(
        self,
        name: str,
        help_text: str,
        label_names: tuple[str, ...],
        *,
        kind: str,
        make: Callable[[], _Child],
        series_max: int,
    ) -> None:
        self.name = name
        self.help = help_text
        self.label_names = label_names
        self.kind = kind
        self.overflowed = False
        self._make: Callable[[], _Child] = make
        self._series_max = series_max
        self._children: dict[tuple[str, ...], tuple[str, _Child]] = {}

    def labels(self, *values: str) -> _Child:
        """The series with these label values, in the order of `label_names`. Raises ValueError for too few or many."""
        entry = self._children.get(values)
        if entry is not None:
            return entry[1]
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}, not {len(values)} of them")
        if len(self._children) >= self._series_max:
            self.overflowed = True
            values = (_OVERFLOW,) * len(self.label_names)
            entry = self._children.get(values)
            if entry is not None:
                return entry[1]
        child = self._make()
        self._children[values] = (_render_labels(self.label_names, values), child)
        return child

    def remove(self, *values: str) -> None:
        """Forget a series, e.g. of something that no longer exists; no error without one."""
        self._children.pop(values, None)

    def clear(self) -> None:
        """Forget all series."""
        self._children.clear()

    def series(self) -> list[tuple[str, _Child]]:
        """The rendered labels and the child of every series."""
        return list(self._children.values())


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a `Registry.collector`."""

    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class _Collector:
    name: str
    help: str
    kind: str
    label_names: tuple[str, ...]
    collect: Callable[[], Iterable[Sample]]


class Registry:
    """The families of a process; injected into whoever counts."""

    __slots__ = ("_families",)

    def __init__(self) -> None:
        self._families: dict[str, Family[Counter] | Family[Gauge] | Family[Histogram] | _Collector] = {}

    def counter(
        self, name: str, help_text: str, labels: Sequence[str] = (), *, series_max: int = _SERIES_MAX
    ) -> Family[Counter]:
        """Register a counter, by custom named `…_total`. Raises ValueError for a bad name or one that is taken."""
        family = Family(name, help_text, tuple(labels), kind="counter", make=Counter, series_max=series_max)
        return self._add(family)

    def gauge(
        self, name: str, help_text: str, labels: Sequence[str] = (), *, series_max: int = _SERIES_MAX
    ) -> Family[Gauge]:
        """Register a gauge. Raises ValueError for a bad name or one that is taken."""
        return self._add(Family(name, help_text, tuple(labels), kind="gauge", make=Gauge, series_max=series_max))

    def histogram(
        self,
        name: str,
        help_text: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        series_max: int = _SERIES_MAX,
    ) -> Family[Histogram]:
        """Register a histogram with rising upper bounds. Raises ValueError for a bad name, bounds, or a taken name."""
        bounds = tuple(float(bound) for bound in buckets if bound != math.inf)
        if not bounds or any(low >= high for low, high in pairwise(bounds)):
            raise ValueError(f"the buckets of {name} must rise")
        if "le" in labels:
            raise ValueError(f"{name}: a histogram has the label le already")
        family = Family(
            name, help_text, tuple(labels), kind="histogram", make=lambda: Histogram(bounds), series_max=series_max
        )
        return self._add(family)

    def collector(
        self, name: str, help_text: str, labels: Sequence[str], collect: Callable[[], Iterable[Sample]], *, kind: str
    ) -> None:
        """Register a family (`kind` counter or gauge) whose samples `collect` knows whenever it is asked."""
        if kind not in ("counter", "gauge"):
            raise ValueError(f"{name}: a collector is a counter or a gauge, not {kind}")
        self._check(name, tuple(labels))
        self._families[name] = _Collector(name, help_text, kind, tuple(labels), collect)

    def render(self) -> bytes:
        """The whole exposition."""
        return b"".join(self.render_slices())

    def render_slices(self, series_max: int = _SLICE_SERIES) -> Iterator[bytes]:
        """The exposition in pieces of at most `series_max` series of one family.

        Series that appear while a caller pauses between pieces are in the next exposition.
        """
        for family in list(self._families.values()):
            head = f"# HELP {family.name} {_escape_help(family.help)}\n# TYPE {family.name} {family.kind}\n"
            if isinstance(family, _Collector):
                samples = [(_render_labels(family.label_names, s.labels), s.value) for s in family.collect()]
                if samples:
                    yield _join(head, [f"{_series(family.name, text)} {_number(value)}\n" for text, value in samples])
                continue
            series = family.series()
            for start in range(0, len(series), series_max):
                lines: list[str] = []
                for labels, child in series[start : start + series_max]:
                    if isinstance(child, Histogram):
                        lines.extend(_histogram_lines(family.name, labels, child))
                    else:
                        lines.append(f"{_series(family.name, labels)} {_number(child.value)}\n")
                yield _join(head if start == 0 else "", lines)

    def _add(self, family: Family[_Child]) -> Family[_Child]:
        self._check(family.name, family.label_names)
        self._families[family.name] = family
        if not family.label_names:
            family.labels()  # a family without labels is exposed from the start, with 0
        return family

    def _check(self, name: str, label_names: tuple[str, ...]) -> None:
        if not _METRIC_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no metric name")
        if name in self._families:
            raise ValueError(f"the metric {name} is registered already")
        for label in label_names:
            if not _LABEL_NAME.fullmatch(label) or label.startswith("__"):
                raise ValueError(f"{name}: {label!r} is no label name")


def _join(head: str, lines: list[str]) -> bytes:
    return (head + "".join(lines)).encode()


def _series(name: str, labels: str) -> str:
    return f"{name}{{{labels}}}" if labels else name


def _histogram_lines(name: str, labels: str, child: Histogram) -> Iterator[str]:
    prefix = f"{labels}," if labels else ""
    cumulated = 0
    for bound, count in zip((*child.bounds, math.inf), child.counts, strict=True):
        cumulated += count
        yield f'{name}_bucket{{{prefix}le="{_number(bound)}"}} {cumulated}\n'
    yield f"{_series(name + '_sum', labels)} {_number(child.sum)}\n"
    yield f"{_series(name + '_count', labels)} {cumulated}\n"


def _number(value: float) -> str:
    """As Go's %g would: integers without a point, +Inf, -Inf, NaN."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


def _render_labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _escape_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
