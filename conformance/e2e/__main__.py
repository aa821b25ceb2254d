"""scripts/conformance: bring a cluster up, run upstream's end-to-end suite on it, say what passed.

See conformance/README.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from conformance.e2e import build, images, machine, passing, report
from conformance.e2e.control import API_SERVER
from conformance.e2e.places import Places, kubernetes_sources
from conformance.e2e.run import HOLLOW, SET_UPS, SUMMARY, RunPlan, run_inside


def say(text: str) -> None:
    print(f"-- {datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


@click.group(invoke_without_command=False)
def main() -> None:
    """Upstream's end-to-end suite on a cluster made for it."""


@main.command("build")
@click.option("--go", required=True, help="The Go tool.")
@click.option("--upstream/--no-upstream", default=False, help="kube-apiserver too.")
def build_(go: str, upstream: bool) -> None:
    """Build everything that a run needs and that is not built yet."""
    places = Places.default()
    begun = time.monotonic()
    wanted = [*build.SUITE, *build.COMPONENTS, *build.CONTAINERS, *build.IN_IMAGES]
    if upstream:
        wanted += build.API_SERVER
    try:
        build.build_programs(wanted, places, go=go, say=say)
        build.build_busybox(places, say)
        images.build_images(
            places.images,
            programs=places.programs,
            packages=places.packages,
            sources=kubernetes_sources(go),
            say=say,
        )
    except build.BuildError as error:
        raise SystemExit(str(error)) from error
    say(f"everything is built ({time.monotonic() - begun:.0f} s)")


@main.command()
def missing_packages() -> None:
    """Print Debian packages that a run needs and this machine lacks."""
    print("\n".join(build.missing_packages()))


@main.command()
def unfit() -> None:
    """Print what keeps this machine from holding a run, if anything does."""
    print(machine.unfit(), end="")


@main.command()
@click.option(
    "--set-up",
    type=click.Choice([*SET_UPS, "ours"]),
    default="swap",
    show_default=True,
    help="Which parts are ours, upstream's being the others. swap: the API server. controllers, scheduler: those alone."
    " control-plane: all three. hollow: all three and simulated nodes, for specs of the tiers A and B. upstream: none.",
)
@click.option("--store", type=click.Choice(["sqlite", "memory", "etcd"]), default="sqlite", show_default=True)
@click.option("--focus", default="", help="Regular expression on the names of specs.")
@click.option(
    "--specs", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File of names, a line each."
)
@click.option("--tier", multiple=True, type=click.Choice(["A", "B", "C", "C2"]), help="Only specs of these tiers.")
@click.option("--processes", type=click.IntRange(1), default=12, show_default=True, help="Specs side by side.")
@click.option("--serial/--no-serial", default=True, help="Whether the serial part runs too.")
@click.option(
    "--kill-after", type=click.FloatRange(0), default=0.0, help="Kill -9 the API server after so many seconds."
)
@click.option("--hold", is_flag=True, help="Bring the cluster up and keep it, without specs.")
@click.option("--check", is_flag=True, help="Fail if a listed spec that ran did not pass.")
@click.option("--update", is_flag=True, help="Add what passed to the list.")
def run(
    set_up: str,
    store: str,
    focus: str,
    specs: Path | None,
    tier: tuple[str, ...],
    processes: int,
    serial: bool,
    kill_after: float,
    hold: bool,
    check: bool,
    update: bool,
) -> None:
    """Run the suite."""
    if set_up not in SET_UPS:
        raise click.UsageError(f"--set-up {set_up}: needs real node agents of steersman, which do not exist yet")
    if API_SERVER not in SET_UPS[set_up]:
        store = "etcd"
    if set_up == HOLLOW and not (tier or specs):
        tier = ("A", "B")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a run as an interrupt does
    places = Places.default()
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{set_up}-{store}"
    folder = places.runs / name
    folder.mkdir(parents=True)
    plan = RunPlan(
        set_up=set_up,
        store=store,
        focus=_focus(focus, specs, tier),
        skip=_any_of(passing.read(passing.ENDLESS)) if SET_UPS[set_up] else "",
        processes=processes,
        folder=str(folder),
        cgroup=f"steersman-e2e-{os.getpid()}",
        kill_after_s=kill_after,
        serial=serial,
        hold=hold,
    )
    plan_file = folder / "plan.json"
    plan.save(plan_file)
    try:
        inner = ["-m", "conformance.e2e", "inside", str(plan_file)]
        status = machine.enter(inner, environment=dict(os.environ), say=say)
    finally:
        machine.remove_cgroups(plan.cgroup)
        shutil.rmtree(plan.state, ignore_errors=True)
    if status:
        raise SystemExit(status)
    raise SystemExit(_conclude(plan, check=check, update=update))


@main.command(hidden=True)
@click.argument("plan_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def inside(plan_file: Path) -> None:
    """Run a plan, as the first process of the run's namespaces."""
    plan = RunPlan.load(plan_file)
    raise SystemExit(machine.run_as_init(lambda: run_inside(plan, Places.default(), say)))


def _focus(focus: str, specs: Path | None, tiers: tuple[str, ...]) -> str:
    """A regular expression for ginkgo, which matches anywhere in a name."""
    names: list[str] = []
    if specs is not None:
        names = passing.read(specs)
    if tiers:
        names += [name for name, tier in passing.tiers().items() if tier in tiers]
    if not names:
        return focus
    if focus:
        names = [name for name in names if re.search(focus, name)]
        if not names:
            raise click.UsageError(f"no spec of those has a name that matches {focus!r}")
    return _any_of(names)


def _any_of(names: list[str]) -> str:
    """A regular expression for whole names; ginkgo puts the name of the suite before them."""
    return " (" + "|".join(map(re.escape, names)) + ")$"


def _conclude(plan: RunPlan, *, check: bool, update: bool) -> int:
    outcomes: list[report.Outcome] = []
    problems: list[str] = []
    for file in sorted(plan.results.glob("*/report.json")):
        read = json.loads(file.read_text(encoding="utf-8"))
        outcomes += report.parse_report(read)
        problem = report.suite_problem(read)
        if problem:
            problems.append(f"{file.parent.name}: {problem}")
    text = report.render(outcomes, passing.tiers())
    summary = json.loads((plan.results / SUMMARY).read_text(encoding="utf-8"))
    listed = passing.path_of(plan.set_up, plan.store)
    new, fallen = report.compare(passing.read(listed), outcomes)
    text += _measured(summary)
    if problems:
        text += "\n\nthe suite itself failed:\n" + "\n".join(problems)
    if new:
        text += f"\n\nnew ({len(new)}):" + "".join(f"\n  {name}" for name in new[:40])
    if fallen:
        text += f"\n\nfell out ({len(fallen)}):" + "".join(f"\n  {name}" for name in fallen)
    print(text)
    (plan.results / "result.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\nresults: {plan.results}")
    if update:
        passing.add(listed, [outcome.name for outcome in outcomes if outcome.passed])
    return 1 if problems or (check and (fallen or not outcomes)) else 0


def _measured(summary: dict[str, object]) -> str:
    walls, cpu, rss = summary["wall_s"], summary["cpu_s"], summary["rss_bytes"]
    assert isinstance(walls, dict)
    assert isinstance(cpu, dict)
    assert isinstance(rss, dict)
    return (
        "\n\nwall: "
        + " + ".join(f"{name} {seconds:.0f} s" for name, seconds in walls.items())
        + "\nCPU: "
        + " + ".join(f"{name} {seconds:.0f} s" for name, seconds in cpu.items())
        + "\nRSS at the end: "
        + " + ".join(f"{name} {size / 1e6:.0f} MB" for name, size in rss.items())
        + f"\np99: GET {float(str(summary['get_p99_s'])) * 1000:.0f} ms,"
        + f" watch delivery {float(str(summary['delivery_p99_s'])) * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
