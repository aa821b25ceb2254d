"""Admission: what may change or refuse a write after its author is known and before it is judged by the resource's
own rules.

One plugin per file; `catalog.py` holds the order, which is upstream's. Plugins read through `reader.Reader`, know
resources by their records in `api/`, and say no by raising an ApiError. A plugin never writes to the store; those
that must charge something (ResourceQuota) do it through the pipeline, like everybody.
"""
