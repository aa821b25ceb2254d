"""What a run says: every spec with its state, its time and, in one line, why it failed. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PASSED = "passed"
_CAUSE_MAX = 240


@dataclass(frozen=True, slots=True)
class Outcome:
    """One spec that ran."""

    name: str
    state: str
    seconds: float
    cause: str = ""

    @property
    def passed(self) -> bool:
        return self.state == PASSED

    @property
    def sig(self) -> str:
        found = re.match(r"\[(sig-[a-z-]+)\]", self.name)
        return found[1] if found else "?"


def parse_report(report: Sequence[Any]) -> list[Outcome]:
    """The outcomes in ginkgo's JSON report; specs that were left out are none."""
    return [
        Outcome(_name(spec), spec["State"], spec["RunTime"] / 1e9, _cause(spec))
        for suite in report
        for spec in suite.get("SpecReports") or ()
        if spec["LeafNodeType"] == "It" and spec["State"] not in ("skipped", "pending")
    ]


def suite_problem(report: Sequence[Any]) -> str:
    """Why the suite as a whole failed, apart from its specs (a preparation that did not succeed)."""
    for suite in report:
        for spec in suite.get("SpecReports") or ():
            if spec["LeafNodeType"] != "It" and spec["State"] not in (PASSED, "skipped"):
                return f"{spec['LeafNodeType']}: {_cause(spec)}"
    return ""


def _name(spec: Any) -> str:
    return " ".join([*(spec.get("ContainerHierarchyTexts") or ()), spec["LeafNodeText"]])


def _cause(spec: Any) -> str:
    failure = spec.get("Failure")
    if not failure:
        return ""
    message = failure.get("Message") or failure.get("ForwardedPanic") or ""
    lines = [line.strip() for line in message.splitlines() if line.strip() and not _is_noise(line.strip())]
    where = failure.get("FailureNodeLocation") or failure.get("Location") or {}
    place = f" ({where.get('FileName', '?').rsplit('/', 1)[-1]}:{where.get('LineNumber', '?')})"
    text = " ".join(lines)
    return (text if len(text) <= _CAUSE_MAX else text[: _CAUSE_MAX - 1] + "…") + place


def _is_noise(line: str) -> bool:
    return bool(re.fullmatch(r"[{}\[\],]+|occurred|<\*?[\w./]+ \| 0x[0-9a-f]+>: ?\{?", line))


# -- lists of passing specs


def compare(passing: Iterable[str], outcomes: Iterable[Outcome]) -> tuple[list[str], list[str]]:
    """(new, fallen): what passed and is not listed, and what is listed, ran and failed."""
    listed = set(passing)
    new = [outcome.name for outcome in outcomes if outcome.passed and outcome.name not in listed]
    fallen = [outcome.name for outcome in outcomes if not outcome.passed and outcome.name in listed]
    return sorted(new), sorted(fallen)


def render(outcomes: Sequence[Outcome], tiers: dict[str, str], *, slowest: int = 10) -> str:
    """Totals by SIG and tier, the slowest, and each failure with its cause."""
    lines: list[str] = []
    for title, key in (("SIG", lambda o: o.sig), ("tier", lambda o: tiers.get(o.name, "?"))):
        ran, passed = Counter(map(key, outcomes)), Counter(key(o) for o in outcomes if o.passed)
        lines.append(f"{title}: " + " · ".join(f"{name} {passed[name]}/{ran[name]}" for name in sorted(ran)))
    passed_count = sum(outcome.passed for outcome in outcomes)
    share = 100 * passed_count / len(outcomes) if outcomes else 0.0
    lines.append(f"all: {passed_count} of {len(outcomes)} passed ({share:.1f} %)")
    ordered = sorted(outcomes, key=lambda outcome: -outcome.seconds)
    lines += ["", "slowest:", *(f"  {o.seconds:7.1f} s  {o.name}" for o in ordered[:slowest])]
    failed = sorted((o for o in outcomes if not o.passed), key=lambda o: o.name)
    if failed:
        lines += ["", "failed:", *(f"  {o.name}\n      {o.state}: {o.cause}" for o in failed)]
    return "\n".join(lines)
