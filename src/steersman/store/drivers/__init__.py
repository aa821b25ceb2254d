"""One file per kind of store. Each fulfils `steersman.store.interface.Store`, is listed in `steersman.store.catalog`,
passes the suite in tests/conformance/store unchanged, and knows nothing of its siblings.
"""
