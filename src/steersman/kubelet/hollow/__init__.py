"""Thousands of simulated nodes in one process: to the API they are kubelets, and no container runs.

Belongs here: the kubelets of all nodes (`nodes`, `node`, `pod_worker` with `starting` and `probing`), how they talk
(`heartbeats`, `event_writer`), what their pods do (`behaviours`, and how those are written down: `settings`, `rules`),
what that costs them (`usage`, `resource_metrics`). Must not: hold a task or a timer of the event loop per node or pod.

Invariants:
* Every write goes out as the node it is about, through the same checks as a real kubelet's.
* A machine that is down, or cut off, tells nothing and hears nothing; a runtime goes on while its kubelet does not.
* Given a generator, a clock and the same requests of others, the same is written in the same order.
"""
