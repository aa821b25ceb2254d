"""OpenAPI: what the server says about its paths and schemas, in versions 2 and 3.

Belongs here: operations and schemas derived from Resource records, their two renderings, and serving them. Everything
but `service` is pure.

Invariants: nothing is described that is not served; documents are made when first asked for, in slices that leave the
event loop free, and kept as compressed bytes; a document's hash depends on nothing but what it is made of.
"""
