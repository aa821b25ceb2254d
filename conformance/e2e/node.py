"""Nodes: containerd, upstream's kubelet and kube-proxy, in the first network or one of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.e2e.control import PODS
from conformance.e2e.images import PAUSE
from conformance.e2e.machine import HOST_IP, SECOND, SECOND_IP, make_cgroup

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.e2e.control import ControlPlane

REGISTRY_PORT = 5001
CLUSTER_DNS = "10.96.0.10"
_KUBELET_PORT, _KUBELET_HEALTH_PORT, _PROXY_METRICS_PORT, _PROXY_HEALTH_PORT = 10250, 10248, 10249, 10256


@dataclass(frozen=True, slots=True)
class Node:
    """`network`: the namespace it lives in; empty: the first."""

    name: str
    ip: str
    pods: str
    network: str = ""


NODES = (
    Node("node1", HOST_IP, "10.244.0.0/24"),
    Node("node2", SECOND_IP, "10.244.1.0/24", SECOND),
)


def start_node(node: Node, plane: ControlPlane, *, cgroup: str) -> None:
    """Returns once its containerd answers; the kubelet registers by itself. `cgroup`: the run's group."""
    folder = plane.state / node.name
    for name in ("cni", "certs.d/registry.k8s.io", "kubelet", "manifests", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    make_cgroup(f"{cgroup}/{node.name}")
    plane.write_kubeconfig(node.name, f"system:node:{node.name}", ("system:nodes",))
    socket = folder / "containerd.sock"
    _write(folder / "certs.d/registry.k8s.io/hosts.toml", _mirror())
    _write(folder / "containerd.toml", _containerd(folder, socket))
    _write(folder / "cni/10-pods.conflist", json.dumps(_cni(node, folder)))
    _write(folder / "resolv.conf", "nameserver 127.0.0.53\n")
    _write(folder / "kubelet.yaml", json.dumps(_kubelet(node, plane, folder, socket, cgroup)))
    processes, programs = plane.processes, plane.programs
    containerd = f"containerd-{node.name}"
    processes.start(containerd, [programs / "containerd", "-c", folder / "containerd.toml"], network=node.network)
    processes.wait(containerd, "socket", socket.exists, 20.0)
    processes.start(
        f"kubelet-{node.name}",
        [
            programs / "kubelet",
            *(f"--config={folder}/kubelet.yaml", f"--kubeconfig={plane.kubeconfig(node.name)}"),
            *(f"--hostname-override={node.name}", f"--node-ip={node.ip}", f"--root-dir={folder}/kubelet"),
            *(f"--cert-dir={folder}/kubelet-pki", "--v=2"),
        ],
        network=node.network,
    )
    processes.start(
        f"kube-proxy-{node.name}",
        [
            programs / "kube-proxy",
            *(f"--kubeconfig={plane.kubeconfig('kube-proxy')}", f"--hostname-override={node.name}"),
            *("--proxy-mode=nftables", f"--cluster-cidr={PODS}"),
            *("--conntrack-max-per-core=0", "--conntrack-min=0"),  # the table's size is the host's
            *("--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"),
            f"--metrics-bind-address=127.0.0.1:{_PROXY_METRICS_PORT}",
            f"--healthz-bind-address=127.0.0.1:{_PROXY_HEALTH_PORT}",
        ],
        network=node.network,
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _mirror() -> str:
    registry = f"http://{HOST_IP}:{REGISTRY_PORT}"
    return f'server = "{registry}"\n[host."{registry}"]\n  capabilities = ["pull", "resolve"]\n'


def _containerd(folder: Path, socket: Path) -> str:
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    images = "plugins.'io.containerd.cri.v1.images'"
    return f"""version = 3
root = "{folder}/containerd"
state = "{folder}/containerd-state"
[grpc]
  address = "{socket}"
[{runtime}]
  restrict_oom_score_adj = true  # small machines lack CAP_SYS_RESOURCE
  max_container_log_line_size = 16384
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
[{runtime}.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "{folder}/cni"
[{runtime}.containerd]
  default_runtime_name = "runc"
[{runtime}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{runtime}.containerd.runtimes.runc.options]
  SystemdCgroup = false
[{runtime}.containerd.runtimes.test-handler]
  runtime_type = "io.containerd.runc.v2"
[{images}]
  snapshotter = "overlayfs"
[{images}.pinned_images]
  sandbox = "{PAUSE}"
[{images}.registry]
  config_path = "{folder}/certs.d"
"""


def _cni(node: Node, folder: Path) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": f"{folder}/ipam",
        "ranges": [[{"subnet": node.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    # ptp, not bridge: from a pod to a service to a pod on the same node, a bridge needs bridge-nf-call-iptables.
    interface = {"type": "ptp", "ipMasq": False, "mtu": 1400, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [interface, ports]}


def _kubelet(node: Node, plane: ControlPlane, folder: Path, socket: Path, cgroup: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(plane.pki.certificate("ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}/{node.name}",
        "podLogsDir": f"{folder}/logs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [CLUSTER_DNS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{socket}",
        "resolvConf": f"{folder}/resolv.conf",
        "maxOpenFiles": 20000,
        "oomScoreAdj": 0,
        "staticPodPath": f"{folder}/manifests",
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "2%",
            "imagefs.available": "2%",
            "nodefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 98,
        "imageGCLowThresholdPercent": 97,
        "port": _KUBELET_PORT,
        "healthzPort": _KUBELET_HEALTH_PORT,
        "readOnlyPort": 0,
        "serializeImagePulls": False,
        "maxPods": 110,
    }
