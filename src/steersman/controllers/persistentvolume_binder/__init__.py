"""Volumes and claims find each other.

Belongs here: `controller` (the controller), and the pure parts it decides with: `matching` (which volume is best for a
claim), `claims` (what to do about a claim), `volumes` (what to do about a volume). Must not: be imported by another
controller; make or delete storage, which drivers outside do.
"""
