"""How a simulated container lives: how long things take, when and how it ends, what probes find, what it uses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Span:
    """A duration that is drawn, in seconds."""

    low_s: float
    high_s: float

    def draw_s(self, rng: Random) -> float:
        """One of them. A fixed one takes nothing from the generator."""
        return self.low_s if self.low_s == self.high_s else rng.uniform(self.low_s, self.high_s)


@dataclass(frozen=True, slots=True)
class Exit:
    """A container ends by itself. `times`: so often, then as `then` says, or it goes on running; 0: every time."""

    code: int
    reason: str = ""
    after: Span = Span(1.0, 3.0)
    times: int = 0
    then: Exit | None = None

    def of_run(self, attempt: int) -> Exit | None:
        """How a run ends, of which there were `attempt` before it; None: not at all."""
        script: Exit | None = self
        while script is not None and script.times and attempt >= script.times:
            script = script.then
        return script


@dataclass(frozen=True, slots=True)
class ProbeScript:
    """What a probe finds: `passes` from the start of the container until `after_s`, then the contrary for `span_s`
    (None: for ever).
    """

    passes: bool
    after_s: float | None = None
    span_s: float | None = None

    def at(self, age_s: float) -> bool:
        """What is found by a container of that age."""
        if self.after_s is None or age_s < self.after_s:
            return self.passes
        if self.span_s is not None and age_s >= self.after_s + self.span_s:
            return self.passes
        return not self.passes

    def next_change_s(self, age_s: float) -> float | None:
        """At which age the answer changes next."""
        if self.after_s is None:
            return None
        if age_s < self.after_s:
            return self.after_s
        end_s = self.after_s + self.span_s if self.span_s is not None else None
        return end_s if end_s is not None and age_s < end_s else None


@dataclass(frozen=True, slots=True)
class Life:
    """How a container lives. `pull_error`: None for none, empty for the usual text. `stop`: None for a container that
    does not heed SIGTERM. `cpu`, `memory`: a share of its request when `*_share` is set.
    """

    start: Span = Span(0.1, 0.5)
    pull: Span = Span(0.0, 0.0)
    pull_error: str | None = None
    sandbox_error: str = ""
    exit: Exit | None = None
    stop: Span | None = Span(0.05, 0.2)
    stop_code: int = 143
    readiness: ProbeScript = ProbeScript(passes=True)
    liveness: ProbeScript = ProbeScript(passes=True)
    startup: ProbeScript = ProbeScript(passes=True)
    message: str = ""
    """What it writes to its termination log."""
    cpu_m: float | None = None
    cpu_share: float | None = None
    memory_bytes: float | None = None
    memory_share: float | None = None
