"""The run's own machine: namespaces for processes, mounts and network, and control groups for its nodes.

The first process of the namespace reaps orphans; when it ends, the kernel ends everything else in it, and mounts, links
and packet rules go with their namespaces. Control groups are removed by whoever started the run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CGROUPS = Path("/sys/fs/cgroup")
HOST_IP, SECOND_IP = "10.201.0.1", "10.201.0.2"
SECOND = "second"
"""The network namespace of the second node."""
STATE = Path("/run/cluster")
"""The cluster's state, inside; short, as paths of sockets have to be. It lies in the run's folder like all of /run."""
_NAMESPACES = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
_PRIVATE = ("/run", "/var/log/pods", "/var/log/containers", "/var/lib/kubelet", "/tmp")


def enter(arguments: list[str], *, environment: dict[str, str], say: Callable[[str], None]) -> int:
    """Run this program again, with `arguments`, in namespaces of its own; its exit status. Says how to look inside."""
    process = subprocess.Popen(["unshare", *_NAMESPACES, sys.executable, *arguments], env=environment)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None and not children.read_text(encoding="ascii"):
        time.sleep(0.01)
    first = children.read_text(encoding="ascii").split()[0] if process.poll() is None else ""
    if first:
        say(f"look inside with: nsenter --all --target {first}")
    try:
        return process.wait()
    except KeyboardInterrupt:
        if first:
            os.kill(int(first), signal.SIGKILL)  # with it the kernel ends all others, and only then `unshare`
        process.wait()
        return 130


def unfit() -> str:
    """What keeps this machine from holding a run; nothing if it can."""
    if os.geteuid() != 0:
        return "only root may make namespaces and control groups"
    links = "ip link add one type veth peer name other && ip netns add n && ip link set other netns n"
    layers = "lowerdir=/run/l,upperdir=/run/u,workdir=/run/w"
    trial = f"mkdir /run/l /run/u /run/w /run/m && mount -t overlay -o {layers} x /run/m"
    steps = (
        ("namespaces", "true"),
        ("links between networks", links),
        ("overlay file systems", trial),
        ("packet rules", "nft add table ip trial"),
    )
    for what, step in steps:
        script = f"mount -t tmpfs tmpfs /run && mkdir /run/netns && {step}"
        command = ["unshare", *_NAMESPACES, "sh", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"no {what}: {done.stderr.strip()}"
    name = f"steersman-e2e-{os.getpid()}"
    try:
        make_cgroup(name)
    except OSError as error:
        return f"no control groups: {error}"
    finally:
        remove_cgroups(name)
    return ""


def run_as_init(work: Callable[[], int]) -> int:
    """Be the first process of the namespace: do `work` in a child, reap whatever else ends."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        except BaseException:  # noqa: BLE001 - the end of this process
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def hide_host_folders(replacements: Path, keep: tuple[Path, ...]) -> None:
    """Put empty folders over those that a node writes to, but not over what holds one of `keep`."""
    for name in _PRIVATE:
        if any(path.is_relative_to(name) for path in keep):
            continue
        behind = replacements / name.strip("/").replace("/", "-")
        behind.mkdir(parents=True, exist_ok=True)
        Path(name).mkdir(parents=True, exist_ok=True)
        if name == "/tmp":
            behind.chmod(0o1777)
        subprocess.run(["mount", "--bind", behind, name], check=True)
        subprocess.run(["mount", "--make-shared", name], check=True)
    Path("/run/netns").mkdir(parents=True, exist_ok=True)


def make_network(pods: str, services: str) -> None:
    """The first node lives in this namespace, the second in one that is joined to it by a pair of links."""
    _ip("link set lo up")
    _ip(f"netns add {SECOND}")
    _ip(f"link add {SECOND} type veth peer name eth0 netns {SECOND}")
    _ip(f"addr add {HOST_IP}/30 dev {SECOND}")
    _ip(f"link set {SECOND} up")
    inside = f"-n {SECOND}"
    _ip(f"{inside} link set lo up")
    _ip(f"{inside} addr add {SECOND_IP}/30 dev eth0")
    _ip(f"{inside} link set eth0 up")
    _ip(f"{inside} route add default via {HOST_IP}")
    _ip(f"route add {pods} via {SECOND_IP}")
    # Routes are looked up before addresses of services are translated: any will do.
    _ip(f"route add {services} via {SECOND_IP}")
    for enter_network in ([], ["nsenter", f"--net=/run/netns/{SECOND}"]):
        subprocess.run([*enter_network, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)


def make_cgroup(name: str) -> None:
    """A group in every hierarchy, able to hold groups of its own."""
    for root in _hierarchies():
        _fill(root, root / Path(name).parent)
        _fill(root, root / name)


def remove_cgroups(name: str) -> None:
    """With everything below. Processes in them have ended, or the kernel refuses."""
    for root in _hierarchies():
        for folder, _, _ in os.walk(root / name, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError:
                continue


def _hierarchies() -> list[Path]:
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def _fill(root: Path, group: Path) -> None:
    if group == root:
        return
    group.mkdir(parents=True, exist_ok=True)
    for name in ("cpuset.cpus", "cpuset.mems"):  # v1 begins with empty sets, in which nothing can run
        file = group / name
        if file.exists() and not (root / "cgroup.controllers").exists() and not file.read_text().strip():
            file.write_text((group.parent / name).read_text())
    if (root / "cgroup.controllers").exists():
        wanted = " ".join(f"+{name}" for name in (group.parent / "cgroup.controllers").read_text().split())
        (group.parent / "cgroup.subtree_control").write_text(wanted)


def remove_tree(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
