"""What objects use of a ResourceQuota. Pure.

Belongs here: `quota`, one ResourceQuota as its status says it stands, and the arithmetic; `meters` and `claim_meters`,
what an object uses, per resource; `scopes`, which objects a quota is about. Must not: charge, or count what is there:
admission does the one, a controller the other, and both mean the same by what stands here.
"""
