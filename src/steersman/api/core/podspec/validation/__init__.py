"""What may be wrong with a pod spec, one concern a file; `spec.py` holds the order.

Every function takes a value in wire form and its field path, returns a list of errors, changes nothing and raises
nothing. `Options` says what an update may keep although it would be refused today.
"""
