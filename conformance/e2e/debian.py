"""Trees from Debian packages: a closure of dependencies, unpacked with merged /usr and without documentation.

Nothing is installed; packages are downloaded by apt-get from whatever mirror the machine uses.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from typing import TYPE_CHECKING

from conformance.e2e.oci import Tree

if TYPE_CHECKING:
    from pathlib import Path

_NEVER = frozenset(
    [
        "adduser",
        "base-files",
        "cdebconf",
        "debconf",
        "debconf-2.0",
        "dpkg",
        "gcc-12-base",
        "init-system-helpers",
        "install-info",
        "iproute2-doc",
        "libgl1",
        "libpam-modules",
        "libpam-modules-bin",
        "libpam-runtime",
        "libpam0g",
        "login",
        "lsb-base",
        "media-types",
        "mime-support",
        "passwd",
        "perl",
        "perl-base",
        "sensible-utils",
        "sysvinit-utils",
        "tzdata",
        "ucf",
        "usr-is-merged",
        "usrmerge",
    ]
)
"""What others depend on and no container needs."""
_FOLDERS = [
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
    "etc",
    "proc",
    "sys",
    "dev",
    "root",
    "var/log",
    "var/run",
    "run",
]
_MERGED = ("bin", "sbin", "lib", "lib64")
_UNWANTED = re.compile(
    r"usr/share/(doc|man|info|locale|lintian|bash-completion|bug|zsh|menu|apport|gdb|systemd|i18n|perl)\b"
    r"|(usr/)?lib/systemd\b|usr/lib/[^/]*/(gconv|perl)\b|etc/(init\.d|logrotate\.d|cron)"
)


def debian_tree(packages: list[str], cache: Path, *, keep: frozenset[str] = frozenset()) -> Tree:
    """The root file system of `packages` and what they depend on. `keep`: packages wanted although usually left out."""
    cache.mkdir(parents=True, exist_ok=True)
    tree = Tree()
    for folder in _FOLDERS:
        tree.folder(folder)
    tree.folder("tmp", 0o1777)
    for name in _MERGED:
        tree.link(name, f"usr/{name}")
    names = _closure(packages, keep)
    missing = [name for name in names if name not in _downloaded(cache)]
    if missing:
        subprocess.run(["apt-get", "download", "-q", *missing], cwd=cache, check=True, stdout=subprocess.DEVNULL)
    files = _downloaded(cache)
    for name in names:
        _unpack(tree, files[name], wants_perl=name in keep)
    return tree


def _closure(packages: list[str], keep: frozenset[str]) -> list[str]:
    """First alternatives of every dependency; virtual packages by their first provider."""
    found: dict[str, bool] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop(0)
        if name in found or (name in _NEVER and name not in keep):
            continue
        described = _output("apt-cache", "show", "--no-all-versions", name)
        found[name] = bool(described)
        if not described:
            providers = _output("apt-cache", "showpkg", name).split("Reverse Provides:")[-1].split()
            waiting += providers[:1]
        for line in re.findall(r"^(?:Pre-)?Depends: (.*)$", described, re.MULTILINE):
            waiting += [re.sub(r"[\s(:].*", "", term.split("|")[0].strip()) for term in line.split(",")]
    return sorted(name for name, real in found.items() if real)


def _downloaded(cache: Path) -> dict[str, Path]:
    return {path.name.split("_")[0]: path for path in cache.glob("*.deb")}


def _unpack(tree: Tree, package: Path, *, wants_perl: bool) -> None:
    raw = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            path = member.name.removeprefix("./").strip("/")
            if not path or path in _MERGED or (_UNWANTED.match(path) and not (wants_perl and "/perl" in path)):
                continue
            path = _merge(path)
            mode = member.mode & 0o7777
            if member.isdir():
                tree.folder(path, mode, member.uid, member.gid)
            elif member.issym():
                tree.link(path, member.linkname)
            elif member.islnk():
                tree.link(path, "/" + _merge(member.linkname.removeprefix("./")))
            else:
                content = archive.extractfile(member)
                assert content is not None, f"{package.name}: {path} is no file"
                tree.file(path, content.read(), mode, member.uid, member.gid)


def _merge(path: str) -> str:
    return re.sub(r"^(bin|sbin|lib|lib64)(?=/)", r"usr/\1", path)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
