"""ResourceQuota: what a namespace may have in all, counted and charged before it is there.

`plugin.py` is the admission plugin; `ledger.py` writes charges down. What an object uses of a quota is said in
`api.quota`, which the quota's controller shares.
"""
