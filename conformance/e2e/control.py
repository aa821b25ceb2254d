"""Control planes: API server, controllers and scheduler, each ours or upstream's, with a store.

All certificates come from one folder as `steersman.cluster.pki` lays it out, whoever's API server it is.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.e2e.machine import HOST_IP
from conformance.e2e.places import BEHAVIOURS
from steersman.cluster.kubeconfig import write_kubeconfig
from steersman.cluster.pki import PKI, ensure_pki

if TYPE_CHECKING:
    from conformance.e2e.processes import Processes

PORT = 6443
URL = f"https://{HOST_IP}:{PORT}"
SERVICES, PODS = "10.96.0.0/16", "10.244.0.0/16"
FIRST_SERVICE_IP = "10.96.0.1"
ISSUER = "https://kubernetes.default.svc.cluster.local"
COMPACTION_S = 60
"""One spec waits for a compaction; at the default of five minutes it alone takes ten."""
API_SERVER, ETCD = "apiserver", "etcd"
PARTS = {"controllers": "kube-controller-manager", "scheduler": "kube-scheduler"}
"""What runs beside an API server, as our command calls it -> upstream's program."""
_STEERSMAN = (Path(sys.executable).with_name("steersman"),)
_ETCD = "http://127.0.0.1:2379"
_USERS = {
    "admin": ("kubernetes-admin", ("system:masters",)),
    "kube-controller-manager": ("system:kube-controller-manager", ()),
    "kube-scheduler": ("system:kube-scheduler", ()),
    "kube-proxy": ("system:kube-proxy", ()),
}


@dataclass(slots=True)
class ControlPlane:
    """`ours`: which parts are, of `PARTS`. `store`: "sqlite", "memory" or "etcd"."""

    ours: tuple[str, ...]
    store: str
    state: Path
    programs: Path
    processes: Processes
    pki: PKI
    listener: socket.socket | None = None
    """Ours inherits its socket, so that clients wait while it is started again."""

    @classmethod
    def prepare(
        cls, *, ours: tuple[str, ...], store: str, state: Path, programs: Path, processes: Processes
    ) -> ControlPlane:
        now = datetime.now(UTC)
        pki = ensure_pki(state / "api" / "pki", names=(HOST_IP, FIRST_SERVICE_IP), now=now)
        plane = cls(ours, store, state, programs, processes, pki)
        for name, (user, groups) in _USERS.items():
            plane.write_kubeconfig(name, user, groups)
        return plane

    def kubeconfig(self, name: str) -> Path:
        return self.state / f"{name}.kubeconfig"

    def write_kubeconfig(self, name: str, user: str, groups: tuple[str, ...]) -> None:
        pair = self.pki.issue_client(user, organizations=groups, now=datetime.now(UTC))
        write_kubeconfig(self.kubeconfig(name), server=URL, ca_pem=self.pki.ca_pem(), client_pem=pair, user=name)

    # -- life

    def start(self) -> None:
        if API_SERVER not in self.ours or self.store == "etcd":
            self.processes.start(
                ETCD,
                [
                    self.programs / "etcd",
                    *("--data-dir", self.state / "etcd", "--log-level", "warn"),
                    *("--listen-client-urls", _ETCD, "--advertise-client-urls", _ETCD),
                ],
            )
            self.processes.wait(ETCD, "health", lambda: _answers(f"{_ETCD}/health", None), 20.0)
        self.start_api_server()
        for part, name in PARTS.items():
            flags = self._controller_flags() if part == "controllers" else []
            kubeconfig = self.kubeconfig(name)
            if part not in self.ours:
                same = [f"--{kind}kubeconfig={kubeconfig}" for kind in ("", "authentication-", "authorization-")]
                self.processes.start(name, [self.programs / name, *same, "--leader-elect=true", *flags])
            elif API_SERVER not in self.ours:  # else they run in its process
                self.processes.start(name, [*_STEERSMAN, part, "--kubeconfig", kubeconfig, "--leader-elect", *flags])

    def start_api_server(self) -> None:
        if API_SERVER not in self.ours:
            self.processes.start(API_SERVER, self._upstream())
        else:
            if self.listener is None:
                self.listener = socket.create_server((HOST_IP, PORT), backlog=1024)
            self.processes.start(API_SERVER, self._ours(), listener=self.listener)
        self.processes.wait(API_SERVER, "readiness", self.ready, 60.0)

    def ready(self) -> bool:
        return _answers(f"{URL}/readyz", self._trust())

    def server_names(self) -> list[str]:
        """The processes that are an API server and its store."""
        return [name for name in (API_SERVER, ETCD) if name in self.processes.running]

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.pki.certificate("ca"))

    def _ours(self) -> list[str | Path]:
        store = "etcd://127.0.0.1:2379" if self.store == "etcd" else self.store
        parts = [API_SERVER, *(part for part in PARTS if part in self.ours)]
        nodes = ("--hollow-nodes", "2", "--hollow-behaviours", BEHAVIOURS) if "hollow" in self.ours else ()
        return [
            *(*_STEERSMAN, "server", "--only", ",".join(parts), *nodes),
            *("--data-dir", self.state / "api"),
            *("--listen", HOST_IP, "--advertise", HOST_IP, "--port", str(PORT), "--store", store),
            *("--service-cidr", SERVICES, "--issuer", ISSUER, "--compaction-s", str(COMPACTION_S)),
            *("--kubelet-preferred-address-types", "InternalIP"),  # nothing here resolves names of nodes
        ]

    def _upstream(self) -> list[str | Path]:
        pki = self.pki.directory
        return [
            self.programs / "kube-apiserver",
            *(f"--etcd-servers={_ETCD}", f"--etcd-compaction-interval={COMPACTION_S}s"),
            *(f"--secure-port={PORT}", f"--bind-address={HOST_IP}", f"--advertise-address={HOST_IP}"),
            *(f"--tls-cert-file={pki}/apiserver.crt", f"--tls-private-key-file={pki}/apiserver.key"),
            *(f"--client-ca-file={pki}/ca.crt", f"--service-cluster-ip-range={SERVICES}"),
            *(f"--service-account-key-file={pki}/sa.pub", f"--service-account-signing-key-file={pki}/sa.key"),
            *(f"--service-account-issuer={ISSUER}", "--authorization-mode=Node,RBAC", "--allow-privileged=true"),
            "--enable-admission-plugins=NodeRestriction",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            *("--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User"),
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            f"--kubelet-client-certificate={pki}/kubelet-client.crt",
            *(f"--kubelet-client-key={pki}/kubelet-client.key", "--kubelet-preferred-address-types=InternalIP"),
        ]

    def _controller_flags(self) -> list[str]:
        pki = self.pki.directory
        return [
            "--controllers=*,bootstrapsigner,tokencleaner",
            *("--use-service-account-credentials=true", f"--service-account-private-key-file={pki}/sa.key"),
            *(f"--root-ca-file={pki}/ca.crt", f"--cluster-signing-cert-file={pki}/ca.crt"),
            *(f"--cluster-signing-key-file={pki}/ca.key", "--allocate-node-cidrs=true", f"--cluster-cidr={PODS}"),
            f"--service-cluster-ip-range={SERVICES}",
        ]


class Kubectl:
    """Upstream's kubectl, as the administrator."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._base = [str(program), f"--kubeconfig={kubeconfig}", "--request-timeout=20s"]

    def run(self, *arguments: str, text: str = "") -> str:
        """Its output. Raises RuntimeError with what it complained of."""
        done = subprocess.run(
            [*self._base, *arguments], input=text or None, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "-o", "json"))


def _answers(url: str, trust: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0, context=trust) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
