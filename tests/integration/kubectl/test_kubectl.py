"""Sessions with kubectl, compared with what upstream's server makes it print; those of `cluster/` with a whole cluster."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steersman.testing.script import Command, compare, parse, render
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SESSIONS = sorted(HERE.glob("*.txt"))
CLUSTER_SESSIONS = sorted(HERE.glob("cluster/*.txt"))
NODES = 3
COMMAND_S_MAX = 60
PLACEHOLDERS = [
    (re.compile(pattern, re.MULTILINE), text)
    for pattern, text in (
        (r"\x1b\[[0-9;]*m", ""),
        # a client that its own time-out cut off may log that its watch was short
        (r"^[IWE]\d{4} [\d:.]+ +\d+ (reflector|informerwatcher)\.go.*\n", ""),
        (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
        (r'(resourceVersion\\?"?: ?\\?"?|Resource Version: +)\d+', r"\1<rv>"),
        (r"\b10\.(96|244)\.\d{1,3}\.\d{1,3}\b", "<ip>"),
        (r"(?<=[:\s])3[0-2]\d{3}(?=/|\b)", "<port>"),
        (r"(?<![\w.\"-])(\d+[smhd]){1,2}(?![\w.])", "<age>"),
        (
            r"(?<=[a-z0-9]-)([0-9bcdf]?[bcdfghjklmnpqrstvwxz2456789]{7,9}-)?[bcdfghjklmnpqrstvwxz2456789]{5}\b",
            "<random>",
        ),
        # kubectl's own wording, which differs between the versions that may be on PATH
        (r" deleted from <ns> namespace", " deleted"),
        (r"^cannot delete (?=cannot delete)", ""),
        (r"#(success|failure)=", r"\1Threshold="),
        (r"(?<=/TCP) \([\w-]+\)$", ""),
        (r"^( *creationTimestamp: null|preferences: \{\}|WARNING: version difference .*)\n", ""),
        (
            r"^(Mountable secrets|Tokens|Time Zone|Internal Traffic Policy): .*|^Warning: v1 Endpoints is deprecated.*\n",
            "",
        ),
        (r"(?<=\S) {2,}", "   "),
        (r"[ \t]+$", ""),
    )
]


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH in which `kubectl` is the one to test with."""
    found = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not found:
        pytest.fail("no kubectl on PATH: scripts/kubectl prints the path of one, building it if need be")
    folder = tmp_path_factory.mktemp("bin")
    (folder / "kubectl").symlink_to(found)
    return folder


class Session:
    """Runs the commands of one file in a folder and namespace of its own."""

    def __init__(self, *, name: str, folder: Path, kubectl: Path, admin: Path) -> None:
        self.namespace = f"{name.replace('_', '-')}-{uuid.uuid4().hex[:6]}"
        self._folder = folder
        kubeconfig = folder / ".kubeconfig"
        shutil.copy(admin, kubeconfig)
        self._environment = {
            "PATH": f"{kubectl}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KUBECONFIG": str(kubeconfig),
            "NS": self.namespace,
            "EXAMPLES": str(ROOT / "examples"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        self.shell(
            f"kubectl create namespace {self.namespace} && (kubectl create sa default -n {self.namespace}"
            f" || kubectl get sa default -n {self.namespace})",
            check=True,
        )
        self.shell(f"kubectl config set-context --current --namespace={self.namespace}", check=True)
        view = json.loads(self.shell("kubectl config view --raw -o json", check=True).stdout)
        self._server = view["clusters"][0]["cluster"]["server"]

    def run(self, command: Command) -> list[str]:
        """What a command prints."""
        if command.line.startswith("file "):
            (self._folder / command.line.removeprefix("file ").strip()).write_text(command.text + "\n")
            return []
        if not command.line.startswith("$ "):
            raise ValueError(f"line {command.number}: a command begins with `$ ` or `file `")
        done = self.shell(command.line[2:], text=command.text)
        output = done.stdout + (f"exit {done.returncode}\n" if done.returncode else "")
        return self._masked(output).splitlines()

    def shell(self, line: str, *, text: str = "", check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run one line of bash; both streams together."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self._folder,
            env=self._environment,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=check,
            timeout=COMMAND_S_MAX,
        )

    def _masked(self, text: str) -> str:
        text = text.replace(self._server, "<server>").replace(self._server.removeprefix("https://"), "<server>")
        text = text.replace(str(self._folder), "<folder>").replace(self.namespace, "<ns>")
        for pattern, placeholder in PLACEHOLDERS:
            text = pattern.sub(placeholder, text)
        return text


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The administrator's kubeconfig of a cluster with controllers, a scheduler and simulated nodes."""
    folder = tmp_path_factory.mktemp("cluster")
    nodes = ("--hollow-nodes", str(NODES))
    with ServerProcess(data_dir=folder / "data", store="memory", command="server", arguments=nodes) as server:
        yield server.kubeconfig


@pytest.fixture
def session(request: pytest.FixtureRequest, tmp_path: Path, kubectl: Path) -> Iterator[Session]:
    """The session of the file that the test is parametrized with."""
    path = request.getfixturevalue("path")
    admin = request.getfixturevalue("cluster" if path in CLUSTER_SESSIONS else "admin")
    session = Session(name=path.stem, folder=tmp_path, kubectl=kubectl, admin=admin)
    yield session
    session.shell(f"kubectl delete namespace {session.namespace} --wait=false")


@pytest.mark.parametrize(
    "path", [*SESSIONS, *CLUSTER_SESSIONS], ids=lambda path: path.relative_to(HERE).with_suffix("").as_posix()
)
def test_session(path: Path, session: Session, request: pytest.FixtureRequest) -> None:
    done = [
        (stanza, [line for command in stanza.commands for line in session.run(command)])
        for stanza in parse(path.read_text(), name=path.name)
    ]
    if request.config.getoption("--rewrite"):
        path.write_text(render(done))
        return
    difference = compare(done)
    assert not difference, f"{path.name}:\n{difference}"


def test_there_are_enough_commands() -> None:
    lines = [line for path in (*SESSIONS, *CLUSTER_SESSIONS) for line in path.read_text().splitlines()]
    assert sum(line.startswith("$ ") and "kubectl " in line for line in lines) >= 80
