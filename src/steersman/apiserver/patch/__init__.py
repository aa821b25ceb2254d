"""Patches: what a PATCH makes of an object, and who owns which of its fields.

Belongs here: JSON patch, merge patch, strategic merge patch, server-side apply, managedFields. Must not be here:
decoding of request bodies, defaulting, validation, the store; everything is pure and is given the time. Invariants:
no input is ever changed (but the one object that `stamp_update` is asked to stamp); results share unchanged parts
with their inputs, so whoever wants to change a result decodes it afresh; every refusal is a PatchError, turned into
an ApiError in one place (`errors.to_api_error`).
"""
