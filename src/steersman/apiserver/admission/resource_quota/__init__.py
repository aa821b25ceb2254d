"""ResourceQuota: what a namespace may have in all, counted and charged before it is there.

`plugin.py` is the admission plugin; `quota.py` what it knows of one ResourceQuota, and the arithmetic; `meters.py` and
`claim_meters.py` say, per resource, what an object uses; `scopes.py` which objects a quota is about; `ledger.py` writes
charges down.
"""
