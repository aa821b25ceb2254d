"""endpointslice: the EndpointSlices of services with a selector: which pods stand behind them, and whom they serve.

Belongs here: `controller` (what is read and written), `packing` (which endpoint is in which slice), and who should use
which endpoint: `topology` (shares of zones), `traffic_distribution` (the nearest). Must not: know of Endpoints, or of
slices that others manage.

Invariants: an endpoint is in one slice of its address family; a change writes as few slices as it can.
"""
