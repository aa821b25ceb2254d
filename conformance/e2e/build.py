"""Builds what the suite, its images and upstream's components need, each program once.

Go programs come from the Go module proxy at pinned versions, busybox from Debian's pristine sources.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.e2e.places import CONFORMANCE, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.e2e.places import Places

KUBERNETES = "k8s.io/kubernetes"
CONTAINERD = "github.com/containerd/containerd/v2"


@dataclass(frozen=True, slots=True)
class Program:
    """`module` empty: of k8s.io/kubernetes, at the versions that conformance/go.mod pins."""

    name: str
    package: str
    module: str = ""
    version: str = ""
    flags: str = ""
    test: bool = False


def _of_kubernetes(*packages: str) -> tuple[Program, ...]:
    return tuple(Program(package.rsplit("/", 1)[1], f"{KUBERNETES}/{package}") for package in packages)


SUITE = (
    Program("e2e.test", f"{KUBERNETES}/test/e2e", test=True),
    *_of_kubernetes("cmd/kubectl"),
    Program("ginkgo", "github.com/onsi/ginkgo/v2/ginkgo", "github.com/onsi/ginkgo/v2", "v2.32.0"),
)
IN_IMAGES = (
    *_of_kubernetes(
        "test/images/agnhost",
        "test/images/resource-consumer",
        "test/images/resource-consumer/consume-cpu",
        "test/images/regression-issue-74839",
    ),
    Program("nnp", f"{KUBERNETES}/test/images/nonewprivs"),
    Program("sample-apiserver", "k8s.io/sample-apiserver", "k8s.io/sample-apiserver", "v0.37.2"),
    Program("etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", "v3.7.3"),
    Program("coredns", "github.com/coredns/coredns", "github.com/coredns/coredns", "v1.14.5"),
)
COMPONENTS = _of_kubernetes("cmd/kube-controller-manager", "cmd/kube-scheduler", "cmd/kubelet", "cmd/kube-proxy")
CONTAINERS = tuple(
    Program(name, f"{CONTAINERD}/cmd/{name}", CONTAINERD, "v2.4.2", f"-X {CONTAINERD}/version.Version=2.4.2")
    for name in ("containerd", "ctr", "containerd-shim-runc-v2")
)
API_SERVER = _of_kubernetes("cmd/kube-apiserver")
HOLLOW = _of_kubernetes("cmd/kubemark")

DEBIAN = {
    "runc": "runc",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "unshare": "util-linux",
    "mount": "mount",
    "gcc": "gcc",
    "make": "make",
    "dpkg-deb": "dpkg",
    "bzip2": "bzip2",
    "/usr/include/stdlib.h": "libc6-dev",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}
"""A command, or a file -> Debian's package that brings it."""


class BuildError(Exception):
    """Something cannot be built; the message names it and holds the end of the log."""


def missing_packages() -> list[str]:
    """Debian packages that are not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

    def there(what: str) -> bool:
        return Path(what).exists() if what.startswith("/") else shutil.which(what, path=path) is not None

    return [package for what, package in DEBIAN.items() if not there(what)]


def build_programs(wanted: Iterable[Program], places: Places, *, go: str, say: Callable[[str], None]) -> None:
    """Build those that are missing."""
    places.programs.mkdir(parents=True, exist_ok=True)
    for program in wanted:
        target = places.programs / program.name
        if not target.exists():
            say(f"building {program.name} {program.version or VERSION}")
            _build(program, target, places.build, go)


def _build(program: Program, target: Path, folder: Path, go: str) -> None:
    module = folder / (program.name if program.module else "kubernetes")
    module.mkdir(parents=True, exist_ok=True)
    if program.module:
        _require(program, module, go)
        flags = f"-s -w {program.flags}".strip()
    else:
        for name in ("go.mod", "go.sum"):  # a copy: the build may complete go.mod
            shutil.copy(CONFORMANCE / name, module)
        about = "k8s.io/component-base/version"
        flags = (
            f"-s -w -X {about}.gitVersion={VERSION} -X {about}.gitMajor=1 -X {about}.gitMinor=37 "
            f"-X k8s.io/client-go/pkg/version.gitVersion={VERSION}"
        )
    part = target.with_name(target.name + ".part")
    command = ["test", "-c"] if program.test else ["build"]
    _run([go, *command, "-mod=mod", "-ldflags", flags, "-o", str(part), program.package], module, program.name)
    part.replace(target)


def _require(program: Program, module: Path, go: str) -> None:
    if not (module / "go.mod").exists():
        _run([go, "mod", "init", "scratch"], module, program.name)
    _run([go, "get", f"{program.module}@{program.version}"], module, program.name)
    if program.package != program.module:
        _run([go, "get", program.package], module, program.name)


def _run(command: list[str], folder: Path, what: str) -> None:
    environment = os.environ | {"CGO_ENABLED": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{what}: {' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def build_busybox(places: Places, say: Callable[[str], None]) -> None:
    """A static busybox of upstream's defaults: Debian's own prefers its applets inside `sh -c` and drops environment
    variables whose names are no identifiers, which specs see.
    """
    target = places.programs / "busybox"
    if target.exists():
        return
    say("building busybox")
    folder = places.build / "busybox"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lists").mkdir(parents=True)
    sources = folder / "sources.list"
    sources.write_text("".join(_source_lines()), encoding="utf-8")
    options = [
        "-q",
        f"-oDir::Etc::sourcelist={sources}",
        "-oDir::Etc::sourceparts=-",
        f"-oDir::State::lists={folder / 'lists'}",
        "-oAPT::Sandbox::User=root",  # apt's own user may not enter a home folder
    ]
    _run(["apt-get", *options, "update"], folder, "busybox")
    _run(["apt-get", *options, "source", "--download-only", "busybox"], folder, "busybox")
    archive = next(folder.glob("busybox_*.orig.tar.bz2"), None)
    if archive is None:
        raise BuildError("busybox: the Debian mirror of this machine gave no sources")
    _run(["tar", "xjf", archive.name], folder, "busybox")
    tree = next(path for path in folder.glob("busybox-1.*") if path.is_dir())
    _run(["make", "defconfig"], tree, "busybox")
    config = tree / ".config"
    text = config.read_text(encoding="utf-8").replace("# CONFIG_STATIC is not set", "CONFIG_STATIC=y")
    for off in ("CONFIG_FEATURE_SH_STANDALONE", "CONFIG_FEATURE_PREFER_APPLETS"):
        text = text.replace(f"{off}=y", f"# {off} is not set")
    config.write_text(text, encoding="utf-8")
    _run(["sh", "-c", "yes '' | make oldconfig >/dev/null"], tree, "busybox")
    _run(["make", f"-j{os.cpu_count() or 1}", "busybox"], tree, "busybox")
    part = target.with_suffix(".part")
    shutil.copy(tree / "busybox", part)
    part.replace(target)
    shutil.rmtree(folder)


def _source_lines() -> list[str]:
    """`deb-src` lines for the mirrors that this machine takes packages from."""
    lines: list[str] = []
    apt = Path("/etc/apt")
    for path in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                fields = dict(re.findall(r"^(URIs|Suites|Components): *(.+)$", stanza, re.MULTILINE))
                if len(fields) == 3:
                    lines += [
                        f"deb-src {uri} {suite} {fields['Components']}\n"
                        for uri in fields["URIs"].split()
                        for suite in fields["Suites"].split()
                    ]
        else:
            lines += [f"deb-src {rest}\n" for rest in re.findall(r"^deb +(.+)$", text, re.MULTILINE)]
    return [line for line in lines if re.search(r"/debian/? ", line)]
