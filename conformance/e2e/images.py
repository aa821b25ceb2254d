"""The suite's container images, made from Debian packages, upstream's Go programs and one assembler-sized C file.

Names, tags and contents are what the suite expects (kubernetes test/images, test/utils/image/manifest.go). Images that
specs name and never pull (webserver:404, foo:non-existent, ...) are missing on purpose.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.e2e.debian import debian_tree
from conformance.e2e.oci import Layer, Tree, digest, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable

E2E = "registry.k8s.io/e2e-test-images/"
PAUSE = "registry.k8s.io/pause:3.10.2"
COREDNS = "registry.k8s.io/coredns/coredns:v1.14.5"
_PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
)
_GROUP = "root:x:0:\ndaemon:x:1:\nshadow:x:42:\nwww-data:x:33:\nnogroup:x:65534:\n"
_AGNHOST: dict[str, Any] = {
    "Entrypoint": ["/agnhost"],
    "Cmd": ["pause"],
    "ExposedPorts": {f"{port}/tcp": {} for port in (80, 8080, 8081, 9376, 5000)},
}
_NGINX: dict[str, Any] = {
    "Entrypoint": ["nginx"],
    "Cmd": ["-g", "daemon off;"],
    "ExposedPorts": {"80/tcp": {}},
    "StopSignal": "SIGQUIT",
}


@dataclass(frozen=True, slots=True)
class Image:
    """`layers`: names of methods of `Layers`, lowest first. Two tags of one content differ by a label, so that they are
    two images.
    """

    reference: str
    layers: tuple[str, ...]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return self.reference.rsplit("/", 1)[1].replace(":", "_") + ".tar"


IMAGES = (
    Image(PAUSE, ("pause",), {"Entrypoint": ["/pause"], "User": "65535:65535"}),
    Image(COREDNS, ("coredns",), {"Entrypoint": ["/coredns"]}),
    Image("registry.k8s.io/etcd:3.7.0-0", ("etcd",), {"Cmd": ["/usr/local/bin/etcd"]}),
    Image(E2E + "busybox:1.37.0-2", ("busybox",), {"Cmd": ["sh"]}),
    Image(E2E + "nonroot:1.5", ("busybox",), {"Cmd": ["sh"], "User": "1234"}),
    Image(E2E + "nonewprivs:1.4", ("busybox", "nonewprivs"), {"Cmd": ["nnp"]}),
    Image(E2E + "agnhost:2.66.1", ("tools", "agnhost"), _AGNHOST),
    Image(E2E + "agnhost:2.55", ("tools", "agnhost"), _AGNHOST | {"Labels": {"version": "2.55"}}),
    Image(E2E + "kitten:1.8", ("tools", "agnhost", "kitten"), _AGNHOST | {"Cmd": ["test-webserver"]}),
    Image(E2E + "nautilus:1.8", ("tools", "agnhost", "nautilus"), _AGNHOST | {"Cmd": ["test-webserver"]}),
    Image(E2E + "ipc-utils:1.4", ("tools",), {"Cmd": ["/bin/sh"]}),
    Image(E2E + "nginx:1.27.0-2", ("nginx",), _NGINX),
    Image(E2E + "nginx:1.28.0-2", ("nginx",), _NGINX | {"Labels": {"version": "1.28"}}),
    Image(E2E + "glibc-dns-testing:2.1.1", ("glibc_dns",), {"Cmd": ["bash"]}),
    Image(E2E + "perl:5.26", ("perl",), {"Cmd": ["perl", "-de0"]}),
    Image(E2E + "sample-apiserver:1.29.2", ("sample_apiserver",), {"Entrypoint": ["/sample-apiserver"]}),
    Image(
        E2E + "resource-consumer:1.14",
        ("stress", "resource_consumer"),
        {"Entrypoint": ["/consumer"], "ExposedPorts": {"8080/tcp": {}}},
    ),
    Image(E2E + "regression-issue-74839:1.5", ("regression",), {"Entrypoint": ["/regression-issue-74839"]}),
)


def build_images(out: Path, *, programs: Path, packages: Path, sources: Path, say: Callable[[str], None]) -> None:
    """Write every image that is missing. `programs`: see build.py; `sources`: the unpacked module k8s.io/kubernetes."""
    out.mkdir(parents=True, exist_ok=True)
    layers = Layers(programs=programs, packages=packages, sources=sources)
    for image in IMAGES:
        path = out / image.file
        if path.exists():
            continue
        say(f"image {image.reference}")
        made = [layers.packed(name) for name in image.layers]
        write_archive(path, reference=image.reference, layers=made, config=image.config)


class Layers:
    """The contents, by name; each is made once."""

    def __init__(self, *, programs: Path, packages: Path, sources: Path) -> None:
        self._programs = programs
        self._packages = packages
        self._sources = sources / "test/images"
        self.packed = cache(self._packed)

    def _packed(self, name: str) -> Layer:
        made: Tree = getattr(self, name)()
        return Layer.of(made)

    def pause(self) -> Tree:
        return _of_files(pause=(self._pause(), 0o755))

    def coredns(self) -> Tree:
        return self._programs_only("coredns")

    def etcd(self) -> Tree:
        tree = _of_files(**{"usr/local/bin/etcd": (self._program("etcd"), 0o755)})
        tree.link("bin", "usr/local/bin")
        tree.folder("tmp", 0o1777)
        tree.folder("var/lib/etcd")
        return tree

    def busybox(self) -> Tree:
        tree = Tree()
        for folder in [
            "bin",
            "dev",
            "etc",
            "home",
            "lib",
            "proc",
            "root",
            "sys",
            "usr/bin",
            "usr/sbin",
            "var/www",
            "var/spool/mail",
            "var/log",
        ]:
            tree.folder(folder)
        tree.folder("tmp", 0o1777)
        tree.file("bin/busybox", self._program("busybox"), 0o755)
        self._applets(tree, "bin")
        tree.link("usr/bin/env", "/bin/busybox")
        _users(tree)
        return tree

    def nonewprivs(self) -> Tree:
        return _of_files(**{"usr/local/bin/nnp": (self._program("nnp"), 0o6755)})

    def tools(self) -> Tree:
        packages = (
            "bash curl bind9-dnsutils bind9-host netcat-openbsd iproute2 iperf util-linux socat libc-bin dash "
            "coreutils grep sed procps"
        )
        tree = self._debian(packages)
        tree.link("usr/bin/nc", "nc.openbsd")
        _users(
            tree,
            "user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n",
            "user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n",
        )
        # A spec reads this file out of an image and wants the name of upstream's base in it.
        tree.file("etc/os-release", 'NAME="Debian packages, stand-in for Alpine Linux"\nID=debian\nVERSION_ID="12"\n')
        tree.folder("uploads")
        tree.folder("home/user-defined-in-image", 0o755, 1000, 1000)
        return tree

    def agnhost(self) -> Tree:
        tree = self._programs_only("agnhost")
        tree.link("agnhost-2", "agnhost")
        for name in ("localhost.crt", "localhost.key"):
            tree.file(name, (self._sources / "agnhost/porter" / name).read_bytes())
        _registry_content(tree, self.packed("pause"))
        return tree

    def kitten(self) -> Tree:
        return self._pet("kitten")

    def nautilus(self) -> Tree:
        return self._pet("nautilus")

    def nginx(self) -> Tree:
        tree = self._debian("nginx-light libc-bin dash")
        _users(tree)
        title = "Welcome to nginx!"
        head = f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n"
        page = f"{head}<body>\n<h1>{title}</h1>\n</body>\n</html>\n"
        tree.file("usr/share/nginx/html/index.html", page)
        tree.file(
            "etc/nginx/nginx.conf",
            "user www-data;\nworker_processes 1;\nerror_log /var/log/nginx/error.log notice;\npid /run/nginx.pid;\n"
            "events { worker_connections 512; }\nhttp { include /etc/nginx/mime.types;\n"
            "default_type application/octet-stream;\naccess_log /var/log/nginx/access.log;\n"
            "server { listen 80; listen [::]:80; location / { root /usr/share/nginx/html; index index.html; } } }\n",
        )
        tree.link("var/log/nginx/access.log", "/dev/stdout")
        tree.link("var/log/nginx/error.log", "/dev/stderr")
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            tree.folder(f"var/lib/nginx/{name}", 0o700, 33, 33)
        return tree

    def glibc_dns(self) -> Tree:
        return self._debian("bash dash coreutils grep sed libc-bin bind9-dnsutils bind9-host hostname procps")

    def perl(self) -> Tree:
        return self._debian("perl-base dash libc-bin", keep=frozenset({"perl-base"}))

    def sample_apiserver(self) -> Tree:
        tree = self._programs_only("sample-apiserver")
        tree.file("etc/nsswitch.conf", "hosts: files dns\n")
        tree.folder("tmp", 0o1777)
        return tree

    def stress(self) -> Tree:
        return self._debian("stress libc-bin")

    def resource_consumer(self) -> Tree:
        programs = {"consumer": "resource-consumer", "consume-cpu": "consume-cpu"}
        return _of_files(**{path: (self._program(name), 0o755) for path, name in programs.items()})

    def regression(self) -> Tree:
        return self._programs_only("regression-issue-74839")

    # -- parts

    def _program(self, name: str) -> bytes:
        return (self._programs / name).read_bytes()

    def _programs_only(self, *names: str) -> Tree:
        return _of_files(**{name: (self._program(name), 0o755) for name in names})

    def _pet(self, name: str) -> Tree:
        files = ("data.json", f"{name}.jpg")
        return _of_files(**{file: ((self._sources / name / "html" / file).read_bytes(), 0o644) for file in files})

    def _debian(self, packages: str, keep: frozenset[str] = frozenset()) -> Tree:
        """With busybox for every command that no package brings, as in upstream's small base images."""
        tree = debian_tree(packages.split(), self._packages, keep=keep)
        tree.link("usr/bin/sh", "dash")
        tree.file("usr/bin/busybox", self._program("busybox"), 0o755)
        self._applets(tree, "usr/bin")
        _users(tree)
        return tree

    def _applets(self, tree: Tree, folder: str) -> None:
        listed = subprocess.run([self._programs / "busybox", "--list"], capture_output=True, text=True, check=True)
        for applet in listed.stdout.split():
            if applet != "busybox" and f"{folder}/{applet}" not in tree and f"usr/sbin/{applet}" not in tree:
                tree.link(f"{folder}/{applet}", "/bin/busybox")

    def _pause(self) -> bytes:
        source, program = Path(__file__).with_name("pause.c"), self._programs / "pause"
        flags = ["-Os", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-s"]
        subprocess.run(["gcc", *flags, "-o", program, source], check=True)
        return program.read_bytes()


def _of_files(**files: tuple[bytes, int]) -> Tree:
    tree = Tree()
    for path, (data, mode) in files.items():
        tree.file(path, data, mode)
    return tree


def _users(tree: Tree, passwd: str = "", group: str = "") -> None:
    tree.file("etc/passwd", _PASSWD + passwd)
    tree.file("etc/group", _GROUP + group)
    tree.file("etc/nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\n")
    tree.file("etc/os-release", 'NAME="image of the conformance suite"\nID=debian\nVERSION_ID="12"\n')


def _registry_content(tree: Tree, layer: Layer) -> None:
    """What `agnhost fake-registry-server` serves: the image pause:testing, in the layout of a registry's storage."""

    def put(kind: str, data: bytes) -> str:
        name = digest(data)
        code = name.removeprefix("sha256:")
        tree.file(f"var/registry/pause/{kind}/sha256/{code[:2]}/{code}/data", data)
        return name

    docker = "application/vnd.docker."
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
    }
    config_data = json.dumps(config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{docker}distribution.manifest.v2+json",
        "config": {
            "mediaType": f"{docker}container.image.v1+json",
            "digest": put("blobs", config_data),
            "size": len(config_data),
        },
        "layers": [
            {
                "mediaType": f"{docker}image.rootfs.diff.tar.gzip",
                "digest": put("blobs", layer.packed),
                "size": len(layer.packed),
            }
        ],
    }
    manifest_data = json.dumps(manifest).encode()
    listed = {
        "schemaVersion": 2,
        "mediaType": f"{docker}distribution.manifest.list.v2+json",
        "manifests": [
            {
                "mediaType": f"{docker}distribution.manifest.v2+json",
                "digest": put("manifests", manifest_data),
                "size": len(manifest_data),
                "platform": {"architecture": "amd64", "os": "linux"},
            }
        ],
    }
    tree.file("var/registry/pause/manifests/testing", put("manifests", json.dumps(listed).encode()) + "\n")
