"""Names, DNS, host aliases and ports of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, subdomain
from steersman.api.core.podspec.walk import containers_with_paths
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, required, too_long
from steersman.api.meta.addresses import valid_ip_legacy
from steersman.api.meta.names import byte_length, dns1123_subdomain_with_underscore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_NAME_SERVERS_MAX = 3
_SEARCH_PATHS_MAX = 32
_SEARCH_CHARS_MAX = 2048
_HOSTNAME_MAX = 64


def validate_dns_config(config: Object | None, policy: str, path: str) -> list[FieldError]:
    if policy == "None":
        if config is None:
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.get("nameservers"):
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(f"{path}.nameservers", detail)]
    if config is None:
        return []
    errors: list[FieldError] = []
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > _NAME_SERVERS_MAX:
        detail = f"must not have more than {_NAME_SERVERS_MAX} nameservers"
        errors.append(invalid(f"{path}.nameservers", servers, detail))
    for index, server in enumerate(servers):
        errors += valid_ip_legacy(f"{path}.nameservers[{index}]", server)
    if len(searches) > _SEARCH_PATHS_MAX:
        detail = f"must not have more than {_SEARCH_PATHS_MAX} search paths"
        errors.append(invalid(f"{path}.searches", searches, detail))
    if byte_length(" ".join(searches)) > _SEARCH_CHARS_MAX:
        detail = f"must not have more than {_SEARCH_CHARS_MAX} characters (including spaces) in the search list"
        errors.append(invalid(f"{path}.searches", searches, detail))
    for index, search in enumerate(searches):
        if search != ".":
            name = search.removesuffix(".")
            errors += each(f"{path}.searches[{index}]", name, dns1123_subdomain_with_underscore(name))
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))
    return errors


def validate_host_aliases(aliases: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, alias in enumerate(aliases):
        errors += valid_ip_legacy(f"{path}[{index}].ip", alias.get("ip") or "")
        for at, hostname in enumerate(alias.get("hostnames") or ()):
            errors += subdomain(hostname, f"{path}[{index}].hostnames[{at}]")
    return errors


def validate_host_network_ports(spec: Object, path: str, options: Options) -> list[FieldError]:
    """In the host's network a port is a port of the host; templates may leave it to the pod's defaults."""
    if not spec.get("hostNetwork"):
        return []
    errors = []
    for index, container in enumerate(spec.get("containers") or ()):
        for at, port in enumerate(container.get("ports") or ()):
            on_host = port.get("hostPort") or 0
            if (options.resource_is_pod or on_host) and on_host != (port.get("containerPort") or 0):
                detail = "must match `containerPort` when `hostNetwork` is true"
                errors.append(invalid(f"{path}.containers[{index}].ports[{at}].hostPort", on_host, detail))
    return errors


def host_port_conflicts(containers: Sequence[Object], path: str) -> list[FieldError]:
    errors = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for at, port in enumerate(container.get("ports") or ()):
            if number := port.get("hostPort"):
                text = f"{port.get('protocol') or ''}/{port.get('hostIP') or ''}/{number}"
                if text in seen:
                    errors.append(duplicate(f"{path}[{index}].ports[{at}].hostPort", text))
                seen.add(text)
    return errors


def validate_hostname_override(spec: Object, path: str) -> list[FieldError]:
    name, at = spec.get("hostnameOverride"), f"{path}.hostnameOverride"
    if name is None:
        return []
    errors = []
    if spec.get("setHostnameAsFQDN"):
        errors.append(forbidden(at, "may not be specified when setHostnameAsFQDN is true"))
    if spec.get("hostNetwork"):
        errors.append(forbidden(at, "may not be specified when hostNetwork is true"))
    if byte_length(name) > _HOSTNAME_MAX:
        errors.append(too_long(at, _HOSTNAME_MAX))
    return errors + subdomain(name, at)


def validate_host_users(spec: Object, path: str, options: Options) -> list[FieldError]:
    """A user namespace cannot be had together with namespaces of the host."""
    if spec.get("hostUsers") is not False:
        return []
    detail = "when `hostUsers` is false"
    errors = []
    if spec.get("hostNetwork") and not options.allow_user_namespace_host_network:
        errors.append(forbidden(f"{path}.hostNetwork", detail))
    if spec.get("hostPID"):
        errors.append(forbidden(f"{path}.HostPID", detail))
    if spec.get("hostIPC"):
        errors.append(forbidden(f"{path}.HostIPC", detail))
    if not options.allow_user_namespace_volume_devices:
        errors += [
            forbidden(f"{at}.volumeDevices", detail)
            for container, at in containers_with_paths(spec, path)
            if container.get("volumeDevices")
        ]
    return errors
