"""Who asks. Every way of proving an identity, and of borrowing one.

Belongs here: one unit per kind of credential (client certificate, token file, service account token, front proxy
headers, nothing at all), in the order of `catalog.py`; issuing of service account tokens; impersonation. Must not be
here: what an identity may do (that is `authz/`). Invariants: pure and synchronous, objects come through protocols; a
credential that is presented and does not hold is a 401, never anonymous; no credential ends up in a message or a log.
"""
