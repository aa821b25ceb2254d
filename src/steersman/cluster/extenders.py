"""Makes the scheduler's extenders: how each is reached and trusted."""

from __future__ import annotations

import base64
import binascii
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from steersman.cluster.errors import StartError
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.scheduler.extenders import Extender, Extenders

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from steersman.lib.http.client.client import HttpClient
    from steersman.scheduler.configuration.model import ExtenderConfiguration, ExtenderTls


def make_extenders(configurations: Iterable[ExtenderConfiguration], http: HttpClient) -> Extenders:
    """Raises StartError."""
    return Extenders(_made(each, f"extenders[{at}]", http) for at, each in enumerate(configurations))


def _made(configuration: ExtenderConfiguration, place: str, http: HttpClient) -> Extender:
    try:
        url = urlsplit(configuration.url_prefix)
        port = url.port
    except ValueError as error:
        raise StartError(f"{place}.urlPrefix: {error}") from error
    if url.scheme not in ("http", "https") or not url.hostname:
        told = f"{configuration.url_prefix!r} is no address; http://host:port/path would be one"
        raise StartError(f"{place}.urlPrefix: {told}")
    secure = url.scheme == "https"
    tls = configuration.tls
    try:
        context = _context(tls) if secure else None
    except (OSError, ValueError, binascii.Error) as error:
        raise StartError(f"{place}.tlsConfig: {error}") from error
    target = Target(url.hostname, port or (443 if secure else 80), context, tls.server_name if tls is not None else "")
    return Extender(configuration=configuration, http=http, target=target, prefix=url.path)


def _context(tls: ExtenderTls | None) -> ssl.SSLContext:
    """As upstream, an extender without any CA is not verified."""
    authorities = _pem(tls.ca_data, tls.ca_file) if tls is not None else ""
    context = client_context(authorities_pem=authorities or None, verify=bool(authorities))
    if tls is not None and (tls.cert_data or tls.cert_file):
        pair = f"{_pem(tls.cert_data, tls.cert_file)}\n{_pem(tls.key_data, tls.key_file)}\n"
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # OpenSSL reads these from files only
            file.write(pair)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _pem(data: str, path: str) -> str:
    if data:
        return base64.b64decode(data, validate=True).decode("ascii")
    return Path(path).read_text() if path else ""
