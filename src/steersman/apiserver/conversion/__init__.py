"""Conversion: objects in another version than the one they are stored in, where that takes asking somebody.

Belongs here: reviews and the checks of their answers, the webhook that converts custom resources, the entries of a
cache in the version in which they are served, conversion for whoever needs an object in another version. Does not
belong here: what is written in a record (api/resource.py, Conversion), which is pure and never waits.

Invariants: what is not converted by a webhook never passes through here; a webhook changes labels, annotations and
what lies outside metadata, and nothing else; nobody is served an object that was converted under an older definition.
"""
