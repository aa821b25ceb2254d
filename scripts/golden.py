"""Check a fresh server against upstream's recorded answers, and against the committed floor that may only rise.

`--of api`: what the API server answers. `--of controllers`: what controllers make of objects. `--of scheduler`: where
pods go, what scores nodes get and what pods are told; a scenario counts as one step there.
A floor holds a line per scenario: its name, how many of its steps have upstream's shape, how many are exactly
upstream's, how many there are. A scenario below its line fails this script, unless it holds when checked again alone;
`--update` raises lines and adds new ones, and never lowers any.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from steersman.testing.server import NotReady, ServerProcess

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT.parent / "shared" / "golden"
HEADER = """\
# scenario, steps with upstream's shape, steps exactly upstream's, steps
# Counts may only rise; `scripts/golden --update` raises them.
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """Scenarios of one kind: their checker, how the server is started for them, and where their floor is."""

    folder: Path
    command: str
    arguments: tuple[str, ...]
    jobs: int
    floor: Path


RECORDINGS = {
    "api": Recording(
        folder=GOLDEN,
        command="apiserver",
        arguments=("--service-cidr", "10.96.0.0/16"),
        jobs=8,
        floor=ROOT / "conformance" / "golden_passing.txt",
    ),
    "controllers": Recording(
        folder=GOLDEN / "controllers",
        command="server",
        # Nodes are static there: nobody renews a lease.
        arguments=(
            *("--only", "apiserver,controllers", "--service-cidr", "10.96.0.0/16"),
            *("--controllers", "*,bootstrapsigner,tokencleaner", "--cluster-cidr", "10.244.0.0/16"),
            *("--node-monitor-grace-period", "1h", "--node-startup-grace-period", "10s"),
            *("--horizontal-pod-autoscaler-sync-period", "2s"),
        ),
        jobs=24,
        floor=ROOT / "conformance" / "golden_controllers.txt",
    ),
    "scheduler": Recording(
        folder=GOLDEN / "scheduler",
        command="apiserver",
        arguments=("--service-cidr", "10.96.0.0/16"),
        jobs=1,
        floor=ROOT / "conformance" / "golden_scheduler.txt",
    ),
}
MESSAGES = frozenset(("condition", "event", "nominated"))
"""What a scheduler's scenario may differ in and still have upstream's shape."""


@dataclass(frozen=True, slots=True)
class Score:
    """Steps of one scenario."""

    shape: int
    exact: int
    steps: int

    def holds(self, floor: Score) -> bool:
        """Whether this is no worse than `floor` (a scenario that was recorded anew has no floor)."""
        return self.steps != floor.steps or (self.shape >= floor.shape and self.exact >= floor.exact)

    def raised(self, floor: Score | None) -> Score:
        """The better of both, in each count."""
        if floor is None or floor.steps != self.steps:
            return self
        return Score(max(self.shape, floor.shape), max(self.exact, floor.exact), self.steps)


def read_floor(path: Path) -> dict[str, Score]:
    """The committed lines; none if the file does not exist."""
    if not path.exists():
        return {}
    lines = [line.split() for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: Score(*map(int, counts)) for name, *counts in lines}


def write_floor(path: Path, floor: dict[str, Score]) -> None:
    """Write all lines, sorted by name."""
    path.write_text(HEADER + "".join(f"{n} {s.shape} {s.exact} {s.steps}\n" for n, s in sorted(floor.items())))


def run(
    recording: Recording, *, store: str, only: str, show: int, report: Path | None, quiet: bool = False
) -> dict[str, Score]:
    """Start a fresh server on `store`, check all scenarios whose name matches `only`, print the table."""
    with tempfile.TemporaryDirectory(prefix="steersman-golden-") as folder:
        found = report or Path(folder) / "report.json"
        server = ServerProcess(
            data_dir=Path(folder) / "data",
            store=store,
            token_auth_file=GOLDEN / "tokens.csv",
            command=recording.command,
            arguments=recording.arguments,
        )
        with server:
            checker = [sys.executable, str(recording.folder / "golden.py"), "check"]
            checker += ["--server", server.url, "--ca", str(server.ca), "--jobs", str(recording.jobs)]
            checker += ["--json", str(found), "--show", str(show), "--only", only, str(recording.folder / "visible")]
            done = subprocess.run(checker, check=False, capture_output=True, text=True)
            if done.returncode > 1 or not found.exists():
                raise RuntimeError(f"golden.py failed:\n{done.stdout}\n{done.stderr}\nserver:\n{server.log_tail()}")
            if not quiet:
                print(done.stdout, end="", flush=True)
        scenarios = json.loads(found.read_text())["scenarios"]
    return {
        scenario["name"]: Score(
            shape=sum(step["shape"] for step in scenario["steps"]),
            exact=sum(step["exact"] for step in scenario["steps"]),
            steps=len(scenario["steps"]),
        )
        for scenario in scenarios
    }


def run_scheduler(recording: Recording, *, store: str, only: str, report: Path | None, quiet: bool) -> dict[str, Score]:
    """The same for scenarios of the scheduler, which its checker starts by itself."""
    with tempfile.TemporaryDirectory(prefix="steersman-golden-") as folder:
        found = report or Path(folder) / "report.json"
        server = ServerProcess(
            data_dir=Path(folder) / "data",
            store=store,
            token_auth_file=GOLDEN / "tokens.csv",
            command=recording.command,
            arguments=recording.arguments,
        )
        with server:
            scheduler = (
                f"{sys.executable} -m steersman scheduler --config={{config}} --kubeconfig={server.kubeconfig} "
                "--leader-elect=false --log-level=debug"
            )
            checker = [
                sys.executable,
                str(recording.folder / "schedgold.py"),
                "check",
                str(recording.folder / "visible"),
            ]
            checker += ["--server", server.url]
            checker += ["--scheduler", scheduler, "--only", only, "--work", folder, "--json", str(found)]
            done = subprocess.run(checker, check=False, capture_output=True, text=True)
            if not found.exists():
                raise RuntimeError(f"schedgold.py failed:\n{done.stdout}\n{done.stderr}\nserver:\n{server.log_tail()}")
            if not quiet:
                print(done.stdout, end="", flush=True)
        differences: dict[str, dict[str, object]] = json.loads(found.read_text())["differences"]
    names = [path.stem for path in sorted((recording.folder / "visible").glob("*.json")) if re.search(only, path.stem)]
    bad = {name: set(differences.get(name, ())) for name in names}
    return {name: Score(shape=int(bad[name] <= MESSAGES), exact=int(not bad[name]), steps=1) for name in names}


def check(
    recording: Recording, *, store: str, only: str, show: int, report: Path | None, quiet: bool = False
) -> dict[str, Score]:
    """Whichever it is."""
    if (recording.folder / "schedgold.py").exists():
        return run_scheduler(recording, store=store, only=only, report=report, quiet=quiet)
    return run(recording, store=store, only=only, show=show, report=report, quiet=quiet)


def fallen(scores: dict[str, Score], floor: dict[str, Score]) -> list[str]:
    """Scenarios of the floor that were checked and are below it."""
    return sorted(name for name, score in scores.items() if name in floor and not score.holds(floor[name]))


def main() -> int:
    """Exit status: 0 when every scenario holds its floor (or there is nothing to check against), else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=tuple(RECORDINGS), default="api", help="which recording")
    parser.add_argument("--update", action="store_true", help="raise the committed floor to what passed now")
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--only", default="", help="regular expression on scenario names")
    parser.add_argument("--show", type=int, default=0, help="how many differing steps to print")
    parser.add_argument("--json", type=Path, help="write the checker's full report here")
    options = parser.parse_args()
    recording = RECORDINGS[options.of]
    if not (recording.folder / "visible").is_dir():
        print("golden: skipped: no recorded answers beside the project (../shared/golden)")
        return 0
    floor = read_floor(recording.floor)
    try:
        scores = check(recording, store=options.store, only=options.only, show=options.show, report=options.json)
    except NotReady as error:
        print(f"golden: FAILED: {error}")
        return 1
    if lost := fallen(scores, floor):
        print(f"golden: {len(lost)} scenarios are below their floor, checking them again alone: {', '.join(lost)}")
        only = "^(" + "|".join(map(re.escape, lost)) + ")$"
        scores |= check(recording, store=options.store, only=only, show=0, report=None, quiet=True)
        lost = fallen(scores, floor)
    if options.update:
        write_floor(recording.floor, floor | {name: score.raised(floor.get(name)) for name, score in scores.items()})
        print(f"golden: wrote {recording.floor.relative_to(ROOT)}")
    for name in lost:
        was, now = floor[name], scores[name]
        counts = f"shape {was.shape} -> {now.shape}, exact {was.exact} -> {now.exact} of {now.steps}"
        print(f"golden: FELL OUT: {name}: {counts}")
    whole = sum(score.shape == score.steps for score in scores.values())
    exact = sum(score.exact == score.steps for score in scores.values())
    rose = sum(score.raised(floor.get(name)) != floor.get(name) for name, score in scores.items())
    print(
        f"golden: of {len(scores)} scenarios {whole} have upstream's shape throughout, {exact} are exact; "
        f"{len(lost)} fell below their floor; {rose} are better than it"
        + (" (scripts/golden --update keeps that)" if rose and not options.update else "")
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
