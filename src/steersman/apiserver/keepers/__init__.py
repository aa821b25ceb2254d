"""Keepers: the small controllers that are a part of the API server itself, whatever else runs in the cluster.

Belongs here: what upstream's kube-apiserver keeps up to date by itself and clients see, one unit per file, `catalog.py`
lists all. Not here: custom resources (`apiserver/crd.py`), what decides about a write (admission, allocation), and the
controllers of the cluster, which are clients.

Invariants. A keeper follows collections of the watch cache and polls none: every change names what has to be looked at,
one worker looks at it, and what it looks at is the present, not the change. Only what is no object, such as whether
another server answers, is asked for again and again, and beside the worker. Each keeper may run in every API server
of a store: whoever is slower finds nothing left to do. Judgements (`plan_*`) are pure. Writes go through the pipeline,
as system:apiserver, and are computed from the version that is replaced.
"""
