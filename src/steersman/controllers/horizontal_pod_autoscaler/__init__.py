"""The horizontal_pod_autoscaler controller: as many replicas of a workload as its metrics ask for.

Belongs here: `controller` (the controller), `metrics` (asks the metrics APIs), `evaluation` (what one metric asks for),
and the pure parts: `usage` (from samples to replicas), `limits` (from what is asked for to what is done: bounds, rates,
stabilisation), `target` (whom an autoscaler means), `status`. Must not: be imported by another controller.

Invariants: see `controller`.
"""
