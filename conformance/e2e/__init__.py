"""Upstream's end-to-end suite, run against a cluster that is brought up for it on this machine.

Belongs here: building upstream's binaries and the suite's images, bringing up a control plane (ours or upstream's) with
nodes, running ginkgo, reading its report, keeping the lists of passing specs. Must not: import anything of the product
but `steersman.cluster`'s keys and certificates; hold anything that makes one spec pass.

Invariants:
* Everything runs in namespaces of its own (processes, mounts, network): when a run ends, however it ends, nothing of it
  is left but its folder of results.
* A list of passing specs loses a line only by hand.

Modules, in the order of a run: `build`, `oci`, `debian`, `images` (what is needed), `machine`, `processes` (where it
runs), `control`, `node`, `registry` (the cluster), `preflight`, `suite`, `measure` (the run), `report`, `passing` (what
it says).
"""
