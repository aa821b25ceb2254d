"""From a Service to an address behind it.

Reads: services, endpointslices. Writes: nothing.
Invariants: one that is ready is chosen, at random, in the Service's first IP family if it has any there.
Upstream differences: an ExternalName is its own address, as upstream has it where requests go through cluster IPs; here
they never do, as the cluster's network may not reach this process. A Service that is not there is no separate reason
(kube-aggregator pkg/apiserver, apiserver pkg/util/proxy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.columns import at
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import ServiceUnavailable, go_quote

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader

SERVICE_LABEL: Final = "kubernetes.io/service-name"
"""An EndpointSlice's label that names its Service."""
_WITH_ENDPOINTS: Final = frozenset(("ClusterIP", "NodePort", "LoadBalancer"))


def slices_of(reader: Reader, namespace: str, service: str) -> list[Object]:
    """The EndpointSlices of a Service, in key order."""
    slices = reader.list(ENDPOINT_SLICES, namespace)
    return [each for each in slices if (each["metadata"].get("labels") or {}).get(SERVICE_LABEL) == service]


class ServiceResolver:
    """Finds addresses of Services. `own` is this server's address: that of Service `kubernetes` in `default`, port 443,
    which needs no endpoint to be found.
    """

    def __init__(self, reader: Reader, *, rng: random.Random, own: tuple[str, int] | None = None) -> None:
        self._reader = reader
        self._rng = rng
        self._own = own
        self._slices: dict[tuple[str, str], list[Object]] = {}
        self._slices_version = -1

    def resolve(
        self, namespace: str, name: str, port: int | str, *, accepts: Callable[[Object], bool] | None = None
    ) -> tuple[str, int]:
        """Address and port of a ready endpoint that serves `port`: a number that the Service declares, or the name of
        one of its ports ("" is the name of one without). `accepts`: judges endpoints (as in EndpointSlices).

        Raises ServiceUnavailable.
        """
        if isinstance(port, str):
            return self._endpoint(namespace, name, port, "", accepts)
        if self._own is not None and (namespace, name, port) == ("default", "kubernetes", 443):
            return self._own
        service = self._reader.get(SERVICES, namespace, name)
        if service is None:
            raise ServiceUnavailable(f"service {go_quote(name)} not found")
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            return spec.get("externalName", ""), port
        if spec.get("type", "ClusterIP") not in _WITH_ENDPOINTS:
            raise ServiceUnavailable(f"unsupported service type {go_quote(spec['type'])}")
        declared = next((each for each in spec.get("ports") or () if each.get("port") == port), None)
        if declared is None:
            raise ServiceUnavailable(f"no service port {port} found for service {go_quote(name)}")
        family = next(iter(spec.get("ipFamilies") or ()), "")
        return self._endpoint(namespace, name, declared.get("name") or "", family, accepts)

    def _endpoint(
        self, namespace: str, name: str, port_name: str, family: str, accepts: Callable[[Object], bool] | None
    ) -> tuple[str, int]:
        slices = self._slices_of(namespace, name)
        found = choose_endpoint(slices, port_name, rng=self._rng, family=family, accepts=accepts)
        if found is None:
            raise ServiceUnavailable(f"no endpoints available for service {go_quote(name)}")
        return found

    def _slices_of(self, namespace: str, service: str) -> list[Object]:
        """Kept until any slice changes: those of one Service are found by looking at all of its namespace."""
        version = self._reader.version(ENDPOINT_SLICES)
        if version != self._slices_version:
            self._slices.clear()
            self._slices_version = version
        slices = self._slices.get((namespace, service))
        if slices is None:
            slices = self._slices[namespace, service] = slices_of(self._reader, namespace, service)
        return slices


def choose_endpoint(
    slices: Sequence[Object],
    port_name: str,
    *,
    rng: random.Random,
    family: str = "",
    accepts: Callable[[Object], bool] | None = None,
) -> tuple[str, int] | None:
    """An address and its port, of an endpoint that is ready and accepted; None if there is none.

    Slices of the address type `family` come first, otherwise the order is random. Of an endpoint's addresses only the
    first has a meaning.
    """
    order = rng.sample(slices, len(slices))
    order.sort(key=lambda each: each.get("addressType") != family)
    for each in order:
        endpoints = each.get("endpoints") or ()
        for port in each.get("ports") or ():
            number = port.get("port")
            if (port.get("name") or "") != port_name or number is None or not endpoints:
                continue
            offset = rng.randrange(len(endpoints))
            for endpoint in (*endpoints[offset:], *endpoints[:offset]):
                if at(endpoint, "conditions", "ready") is not False and (accepts is None or accepts(endpoint)):
                    return endpoint["addresses"][0], number
    return None
