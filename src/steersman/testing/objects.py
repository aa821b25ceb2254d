"""Objects of a cluster by the words that kubectl knows: what a test says to the API server, as its administrator.

    await objects.create(\"\"\"
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a}
    data: {colour: blue}
    \"\"\")
    (await objects.get("cm", "a"))["data"]

What is given may be an object, or YAML of one or several; what comes back are plain dicts. Refusals are raised as
steersman.api.errors.ApiError. A kind may be its name, plural or short name, with `.GROUP` where two groups have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import yaml

from steersman.client.request import DISCOVERY, Key, PatchType, Propagation, Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from steersman.api.meta.types import Object
    from steersman.client.client import Client

_P = ParamSpec("_P")
_T = TypeVar("_T")
DEFAULT = "default"
"""The namespace of whatever does not name one."""


class Objects:
    """See the module. `client`: as whoever asks."""

    def __init__(self, *, client: Client) -> None:
        self.client = client
        self._served: dict[str, Ref] = {}
        self._kinds: dict[tuple[str, str], Ref] = {}

    async def get(self, kind: str, name: str, *, namespace: str = DEFAULT, subresource: str = "") -> Object:
        """Raises NotFound."""
        ref = await self._ref(kind)
        return await self.client.get(ref, _key(ref, namespace, name), subresource=subresource)

    async def list(self, kind: str, *, namespace: str = "", labels: str = "", fields: str = "") -> list[Object]:
        """Of all namespaces unless one is named; in the server's order."""
        ref = await self._ref(kind)
        found = await self.client.list(ref, namespace=namespace, labels=labels, fields=fields)
        items: list[Object] = found["items"]
        return items

    async def create(self, what: Object | str, *, namespace: str = DEFAULT) -> Object:
        """The object as it is now; of several the last."""
        answer: Object = {}
        for obj in _objects(what):
            ref = await self._ref_of(obj)
            answer = await self.client.create(ref, _placed(ref, obj, namespace))
        return answer

    async def replace(self, obj: Object, *, subresource: str = "") -> Object:
        """Raises Conflict when it has changed since the version that it names."""
        ref = await self._ref_of(obj)
        return await self.client.update(ref, _placed(ref, obj, DEFAULT), subresource=subresource)

    async def apply(self, what: Object | str, *, namespace: str = DEFAULT, force: bool = True) -> Object:
        """Server-side apply; the object as it is now, of several the last."""
        answer: Object = {}
        for obj in _objects(what):
            ref = await self._ref_of(obj)
            placed = _placed(ref, obj, namespace)
            key = _key(ref, placed["metadata"].get("namespace", ""), placed["metadata"]["name"])
            answer = await self.client.patch(ref, key, placed, kind=PatchType.APPLY, force=force)
        return answer

    async def patch(
        self,
        kind: str,
        name: str,
        patch: Any,
        *,
        namespace: str = DEFAULT,
        form: PatchType = PatchType.STRATEGIC,
        subresource: str = "",
    ) -> Object:
        """Custom resources know no strategic patches: take PatchType.MERGE for those."""
        ref = await self._ref(kind)
        key = _key(ref, namespace, name)
        return await self.client.patch(ref, key, patch, kind=form, subresource=subresource)

    async def scale(self, kind: str, name: str, replicas: int, *, namespace: str = DEFAULT) -> None:
        """Through the scale subresource."""
        patch = {"spec": {"replicas": replicas}}
        await self.patch(kind, name, patch, namespace=namespace, form=PatchType.MERGE, subresource="scale")

    async def delete(
        self,
        kind: str,
        name: str,
        *,
        namespace: str = DEFAULT,
        propagation: Propagation | None = None,
        grace_s: int | None = None,
    ) -> None:
        """Returns when the server has taken it down, which may be before it is done."""
        ref = await self._ref(kind)
        await self.client.delete(ref, _key(ref, namespace, name), propagation=propagation, grace_s=grace_s)

    async def delete_all(self, kind: str, *, namespace: str = DEFAULT, labels: str = "") -> None:
        ref = await self._ref(kind)
        await self.client.delete_collection(ref, namespace=namespace if ref.namespaced else "", labels=labels)

    async def evict(self, name: str, *, namespace: str = DEFAULT) -> None:
        """A pod, as `kubectl drain` does. Raises TooManyRequests when a disruption budget forbids it."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        await self.client.create(await self._ref("pods"), body, key=Key(namespace, name), subresource="eviction")

    # -- names

    async def _ref(self, kind: str) -> Ref:
        word = kind.lower()
        if word not in self._served:
            await self._discover()
        if word not in self._served:
            raise ValueError(f"nothing that is called {kind!r} is served; pods, deploy or a kind's name would do")
        return self._served[word]

    async def _ref_of(self, obj: Object) -> Ref:
        for missing in ("apiVersion", "kind"):
            if missing not in obj:
                raise ValueError(f"{missing}: an object must say what it is, and this one does not: {obj}")
        kind = obj["apiVersion"], obj["kind"]
        if kind not in self._kinds:
            await self._discover()
        if kind not in self._kinds:
            raise ValueError(f"no resource serves kind {kind[1]} of {kind[0]}")
        return self._kinds[kind]

    async def _discover(self) -> None:
        for root in ("/api", "/apis"):
            document = await self.client.get_path(root, accept=DISCOVERY)
            for ref, words in _discovered(document):
                version = f"{ref.group}/{ref.version}" if ref.group else ref.version
                self._kinds[version, ref.kind] = ref
                for word in words:
                    self._served.setdefault(word.lower(), ref)
                    self._served.setdefault(f"{word}.{ref.group}".lower(), ref)


def blocking(
    run: Callable[[Coroutine[Any, Any, Any]], Any], method: Callable[_P, Coroutine[Any, Any, _T]]
) -> Callable[_P, _T]:
    """The same method for those who do not await: `run` does it for them."""

    def call(*args: _P.args, **named: _P.kwargs) -> _T:
        result: _T = run(method(*args, **named))
        return result

    call.__doc__ = method.__doc__
    return call


class BlockingObjects:
    """The methods of Objects, each of which returns when it is done."""

    def __init__(self, objects: Objects, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.get = blocking(run, objects.get)
        self.list = blocking(run, objects.list)
        self.create = blocking(run, objects.create)
        self.replace = blocking(run, objects.replace)
        self.apply = blocking(run, objects.apply)
        self.patch = blocking(run, objects.patch)
        self.scale = blocking(run, objects.scale)
        self.delete = blocking(run, objects.delete)
        self.delete_all = blocking(run, objects.delete_all)
        self.evict = blocking(run, objects.evict)


def _objects(what: Object | str) -> Iterator[Object]:
    if isinstance(what, dict):
        yield what
    else:
        yield from (obj for obj in yaml.safe_load_all(what) if obj is not None)


def _placed(ref: Ref, obj: Object, namespace: str) -> Object:
    metadata = obj.get("metadata") or {}
    if not ref.namespaced or "namespace" in metadata:
        return obj
    return obj | {"metadata": metadata | {"namespace": namespace}}


def _key(ref: Ref, namespace: str, name: str) -> Key:
    return Key(namespace if ref.namespaced else "", name)


def _discovered(document: Any) -> Iterator[tuple[Ref, list[str]]]:
    """What one document tells of, and by which words each is known."""
    for group in document["items"]:
        name = (group.get("metadata") or {}).get("name", "")
        for version in group["versions"]:
            for each in version["resources"]:
                kind = each["responseKind"]["kind"]
                ref = Ref(name, version["version"], each["resource"], each["scope"] == "Namespaced", kind)
                words = [each["resource"], each.get("singularResource") or kind, kind, *each.get("shortNames", ())]
                yield ref, words
