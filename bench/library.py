"""The cluster inside a test: how soon it is ready, whether many leave anything behind, what virtual time costs.

python bench/library.py [--clusters 200] [--nodes 100] [--hours 24]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from pathlib import Path

from load import rss_mb
from report import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import os

from steersman.testing.cluster import Cluster

CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {{name: every-{minutes}-minutes}}
spec:
  schedule: "*/{minutes} * * * *"
  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i}}]}}}}}}}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 100
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 100m}}}]}
"""


def one_after_the_other(number: int) -> dict[str, float]:
    """A cluster made and left again and again; memory is looked at after the first few."""
    ready, begun_mb = [], 0.0
    for turn in range(number):
        begun = time.perf_counter()
        with Cluster(nodes=3, seed=turn, detect_mutations=False) as cluster:
            ready.append(time.perf_counter() - begun)
            cluster.advance(seconds=1)
        if turn == min(10, number - 1):
            gc.collect()
            begun_mb = rss_mb(os.getpid())
    gc.collect()
    return {
        "Cluster(nodes=3) ready, median ms": statistics.median(ready) * 1e3,
        "Cluster(nodes=3) ready, first ms": ready[0] * 1e3,
        f"RSS growth over {number} clusters MB": rss_mb(os.getpid()) - begun_mb,
    }


def simulated_day(nodes: int, hours: float) -> dict[str, float]:
    """CronJobs of several rhythms and a Deployment on many nodes."""
    with Cluster(nodes=nodes, detect_mutations=False) as cluster:
        for minutes in (5, 15, 30):
            cluster.client.apply(CRON_JOB.format(minutes=minutes))
        cluster.client.apply(DEPLOYMENT)
        cluster.settle()
        begun = time.perf_counter()
        cluster.advance(hours=hours)
        wall_s = time.perf_counter() - begun
        done = len(cluster.client.list("jobs"))
    return {f"{hours:g} simulated hours of {nodes} nodes, wall s": wall_s, "jobs kept by their history": float(done)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24)
    options = parser.parse_args()
    found = one_after_the_other(options.clusters)
    found |= simulated_day(options.nodes, options.hours)
    show(found, note="wall time")


if __name__ == "__main__":
    main()
