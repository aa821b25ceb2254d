"""Functions that expressions can call: the language's own and those that Kubernetes adds, one library a file.

Belongs here: a `Library` per file, with its functions, macros and the classes of its values. Does not belong here: what
several libraries compute with (that lies in `cel`). Invariants: functions are pure, take and return values of CEL, and
fail with EvaluationError only; `catalog.py` says which libraries an API server of version 1.37 enables.
"""
