"""Resource knowledge: what every kind is called, looks like, defaults to, allows and shows. Pure; never waits, never
reaches I/O.

One file per resource, in a folder per group; `catalog.py` lists them. What several resources share lies beside them
(`views`,
`meta/`, `schema/`, `core/podspec/`). Nothing here knows requests, HTTP or storage.
"""
