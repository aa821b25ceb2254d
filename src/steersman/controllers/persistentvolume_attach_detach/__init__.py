"""persistentvolume_attach_detach: volumes are attached to the nodes whose pods use them, and detached from all others.

Belongs here: `controller`, what is attachable (`volumes`), the books of what is wanted and of what is attached
(`books`), and the words of events (`told`).
"""
