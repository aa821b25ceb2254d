"""PodSecurity: the Pod Security Standards, as a namespace's labels ask for them.

`plugin.py` is the admission plugin; `levels.py` reads labels; `standards.py` says which checks make up a level in which
version; `baseline.py` and `restricted.py` hold the checks, pure functions of a pod's metadata and specification.
"""
