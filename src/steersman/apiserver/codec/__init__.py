"""Representations: how objects travel. One file per representation, plus `negotiate`, which picks one from a request's
headers.

Belongs here: bytes to values and back (json, yaml, protobuf), other views of the same objects (table, partial), and
the texts that upstream answers for bytes that are none of these. Does not belong here: what an object's fields mean,
defaults, unknown fields (`api.schema`), or HTTP. Invariant: everything here is pure, and decoding never raises
anything but `Malformed`.
"""
