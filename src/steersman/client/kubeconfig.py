"""kubeconfig: where the API server is, and as whom one comes: out of a kubeconfig file, or out of a pod.

Reads: the file and those that it names; in a pod the folder of its service account. Relative paths are relative to the
file. Upstream: client-go tools/clientcmd. Differences: one file, not several merged; no programs (exec, auth-provider)
and no passwords; no proxies.
"""

from __future__ import annotations

import base64
import binascii
import ssl
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_READ_S = 60.0
"""A token in a file is read again after so long: it is replaced long before it expires."""
_UNSUPPORTED = ("exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups", "as-user-extra")


class KubeconfigError(ValueError):
    """What is wrong, where, and what would be right."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an HttpTransport needs."""

    target: Target
    token: Callable[[], str] | str = ""
    namespace: str = ""
    """The one that is meant where none is said; empty if the context names none."""
    authorities_pem: str = ""
    """What the server is verified with; empty: the system's, or nothing."""
    bare: Target | None = None
    """The same server, shown no certificate; None: `target` shows none either."""


class TokenFile:
    """A token that somebody keeps fresh. Called for each request."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float]) -> None:
        """Raises OSError."""
        self._path = path
        self._monotonic = monotonic
        self._token = path.read_text().strip()
        self._read_at = monotonic()

    def __call__(self) -> str:
        """The token that was last read: one that cannot be read is used on as long as it is taken."""
        if self._monotonic() - self._read_at >= TOKEN_READ_S:
            self._read_at = self._monotonic()
            with suppress(OSError):
                self._token = self._path.read_text().strip() or self._token
        return self._token


def read_kubeconfig(path: Path, *, monotonic: Callable[[], float], context: str = "") -> Access:
    """`context`: instead of the file's current-context; `monotonic`: seconds, for tokens in files.

    Raises KubeconfigError.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise KubeconfigError(f"{path}: {error.strerror}; name a kubeconfig file that can be read") from error
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{path}: this is no YAML: {error}") from error
    return _Reader(path, content, monotonic).access(context)


def in_cluster(environ: Mapping[str, str], *, monotonic: Callable[[], float], folder: Path = SERVICE_ACCOUNT) -> Access:
    """For programs in a pod. Raises KubeconfigError outside of one."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port.isdigit():
        raise KubeconfigError(
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; give a kubeconfig"
        )
    try:
        token = TokenFile(folder / "token", monotonic=monotonic)
        authorities = (folder / "ca.crt").read_text()
        tls = client_context(authorities_pem=authorities)
        namespace = folder / "namespace"
        told = namespace.read_text().strip() if namespace.exists() else ""
        return Access(Target(host, int(port), tls), token, told, authorities)
    except OSError as error:
        raise KubeconfigError(f"{folder}: {error}; the pod needs a service account whose token is mounted") from error


class _Reader:
    def __init__(self, path: Path, content: Any, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        if not isinstance(content, dict):
            raise self._wrong("", "this is no kubeconfig: a mapping with clusters, users and contexts is")
        self._content: dict[str, Any] = content

    def access(self, context: str) -> Access:
        name = context or self._text(self._content, "", "current-context")
        if not name:
            raise self._wrong("current-context", f"is not set; choose one of {self._names('contexts')}")
        place = f"contexts[{name}]"
        chosen = self._find("contexts", "context", name, "current-context")
        cluster = self._text(chosen, place, "cluster")
        user = self._text(chosen, place, "user")
        token, certificate = self._credentials(user, f"{place}.user") if user else ("", None)
        found = self._find("clusters", "cluster", cluster, f"{place}.cluster")
        target = self._target(found, cluster, certificate)
        bare = self._target(found, cluster, None) if certificate is not None else None
        authorities = self._pem(found, f"clusters[{cluster}]", "certificate-authority")
        return Access(target, token, self._text(chosen, place, "namespace"), authorities, bare)

    def _target(self, cluster: dict[str, Any], name: str, certificate: tuple[str, str] | None) -> Target:
        place = f"clusters[{name}]"
        server = self._text(cluster, place, "server")
        url = urlsplit(server)
        try:
            port = url.port
        except ValueError:
            url, port = urlsplit(""), None
        if url.scheme not in ("https", "http") or not url.hostname:
            raise self._wrong(f"{place}.server", f"{server!r} is no address; https://host:port would be one")
        if url.path.strip("/"):
            raise self._wrong(f"{place}.server", f"{server!r} has a path; a server behind a path is not supported")
        if url.scheme == "http":
            return Target(url.hostname, port or 80)
        verify = cluster.get("insecure-skip-tls-verify") is not True
        authorities = self._pem(cluster, place, "certificate-authority")
        if authorities and not verify:
            raise self._wrong(place, "has a certificate-authority and insecure-skip-tls-verify; only one can be meant")
        try:
            tls = client_context(authorities_pem=authorities or None, verify=verify)
        except (OSError, ValueError) as error:
            raise self._wrong(f"{place}.certificate-authority", f"holds no certificate: {error}") from error
        if certificate is not None:
            self._show(tls, *certificate)
        return Target(url.hostname, port or 443, tls, self._text(cluster, place, "tls-server-name"))

    def _credentials(self, name: str, asked: str) -> tuple[Callable[[], str] | str, tuple[str, str] | None]:
        """Token, and certificate with key (PEM)."""
        user, place = self._find("users", "user", name, asked), f"users[{name}]"
        for field in _UNSUPPORTED:
            if user.get(field):
                raise self._wrong(f"{place}.{field}", "is not supported; a token or a client certificate is")
        certificate = self._pem(user, place, "client-certificate")
        key = self._pem(user, place, "client-key")
        if bool(certificate) != bool(key):
            missing = "client-key" if certificate else "client-certificate"
            raise self._wrong(place, f"has no {missing}; certificate and key belong together")
        token: Callable[[], str] | str = self._text(user, place, "token")
        token_file = self._text(user, place, "tokenFile")
        if token_file:
            try:
                token = TokenFile(self._beside(token_file), monotonic=self._monotonic)
            except OSError as error:
                raise self._wrong(f"{place}.tokenFile", f"{token_file}: {error.strerror}") from error
        return token, (certificate, key) if certificate else None

    def _show(self, tls: ssl.SSLContext, certificate: str, key: str) -> None:
        """Have a certificate shown. OpenSSL reads these from files only."""
        try:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # readable by its owner only
                file.write(f"{certificate}\n{key}\n")
                file.flush()
                tls.load_cert_chain(file.name)
        except ssl.SSLError as error:
            raise self._wrong("users", f"client certificate and key cannot be used: {error}") from error

    def _find(self, kind: str, inner: str, name: str, asked: str) -> dict[str, Any]:
        for entry in self._content.get(kind) or ():
            if isinstance(entry, dict) and entry.get("name") == name:
                found = entry.get(inner) or {}
                if not isinstance(found, dict):
                    raise self._wrong(f"{kind}[{name}].{inner}", "must be a mapping")
                return found
        raise self._wrong(asked, f"{name!r} is not in {kind}, which has {self._names(kind)}")

    def _names(self, kind: str) -> str:
        names = [str(entry.get("name")) for entry in self._content.get(kind) or () if isinstance(entry, dict)]
        return ", ".join(names) or "none"

    def _pem(self, fields: dict[str, Any], place: str, name: str) -> str:
        """What stands in the file itself (`name`-data, which comes first), or in another; empty if it is nowhere."""
        data, path = self._text(fields, place, f"{name}-data"), self._text(fields, place, name)
        try:
            if data:
                return base64.b64decode(data, validate=True).decode("ascii")
            return self._beside(path).read_text() if path else ""
        except (binascii.Error, UnicodeError) as error:
            raise self._wrong(
                f"{place}.{name}-data" if data else f"{place}.{name}", "must be PEM, in base64 where it is data"
            ) from error
        except OSError as error:
            raise self._wrong(f"{place}.{name}", f"{path}: {error.strerror}") from error

    def _text(self, fields: dict[str, Any], place: str, name: str) -> str:
        value = fields.get(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(f"{place}.{name}".lstrip("."), f"must be text, not {value!r}")
        return value or ""

    def _beside(self, path: str) -> Path:
        return self._path.parent / path

    def _wrong(self, place: str, why: str) -> KubeconfigError:
        return KubeconfigError(f"{self._path}: {place} {why}" if place else f"{self._path}: {why}")
