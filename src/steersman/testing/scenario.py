"""What the commands of a scenario mean: requests to an API server in the same process, in virtual time.

    as USER [GROUP...]              who asks from here on; `as` alone: the administrator
    create [FILE]                   POST each object of FILE, or of the YAML below the command
    replace [FILE]                  PUT
    apply MANAGER [FILE]            server-side apply
    patch TYPE KIND NAME            TYPE is json, merge or strategic; the patch is the YAML below the command
    get KIND [NAME] [FIELD...]      an object's fields (all: `.`), or the table of a list
    delete KIND NAME
    delete KIND                     all of them (deletecollection)
    watch NAME KIND                 from now on `NAME:` lines tell what the watch brings
    request METHOD PATH             anything else: prints the answer's status and body
    advance SECONDS                 let time pass
    settle                          run all that can run now

KIND may carry a subresource: `get deployments/scale web`. Words of the form `name=value` become query parameters of the
request, except `namespace=…` (default: default). What differs from run to run (uids, times, revisions) is left out of
objects.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from steersman.testing.in_process import Reply, Stream
from steersman.testing.virtual_time import settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from steersman.testing.in_process import InProcessClient
    from steersman.testing.script import Command

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
JSON = "application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_REVISION = re.compile(r"(?<=in record )\(\d+\)")
VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink")


class Scenario:
    """Interprets commands against one API server. `close` ends its watches."""

    def __init__(self, *, client: InProcessClient, files: Path) -> None:
        self._client = client
        self._files = files
        self._user: list[tuple[str, str]] = []
        self._watches: dict[str, Stream] = {}
        self._paths: dict[str, _Served] = {}

    async def close(self) -> None:
        """End every watch."""
        await self._client.close()

    async def run(self, command: Command) -> list[str]:
        """The lines that a command prints. Raises ValueError for a command that means nothing."""
        name, *words = shlex.split(command.line)
        query = dict(word.split("=", 1) for word in words if _is_option(word))
        call = Call(
            words=[word for word in words if not _is_option(word)],
            query={key: value for key, value in query.items() if key != "namespace"},
            namespace=query.get("namespace", "default"),
            text=command.text,
        )
        handler = getattr(self, f"_do_{name.replace('-', '_')}", None)
        if handler is None:
            raise ValueError(f"line {command.number}: unknown command {name!r}")
        lines: list[str] = await handler(call)
        return [*lines, *await self._watched()]

    async def _do_as(self, call: Call) -> list[str]:
        self._user = [("impersonate-user", user) for user in call.words[:1]]
        self._user += [("impersonate-group", group) for group in call.words[1:]]
        return []

    async def _do_create(self, call: Call) -> list[str]:
        return [line for obj in self._objects(call, 0) for line in await self._write("POST", obj, call, "created")]

    async def _do_replace(self, call: Call) -> list[str]:
        return [line for obj in self._objects(call, 0) for line in await self._write("PUT", obj, call, "replaced")]

    async def _do_apply(self, call: Call) -> list[str]:
        call.query.setdefault("fieldManager", call.words[0])
        lines = []
        for obj in self._objects(call, 1):
            lines += await self._write("PATCH", obj, call, "applied", "application/apply-patch+yaml")
        return lines

    async def _do_patch(self, call: Call) -> list[str]:
        kind, plural, name = call.words
        path = await self._path(plural, call.namespace, name)
        reply = await self._send("PATCH", path, call, body=yaml.safe_load(call.text), content_type=PATCH_TYPES[kind])
        return _outcome(reply, "patched")

    async def _do_get(self, call: Call) -> list[str]:
        plural, *rest = call.words
        name = rest[0] if rest else ""
        path = await self._path(plural, call.namespace, name)
        if not name:
            return _table(await self._send("GET", path, call, accept=TABLE))
        reply = await self._send("GET", path, call)
        if reply.status >= 400:
            return _outcome(reply, "")
        return _fields(reply.json(), rest[1:])

    async def _do_delete(self, call: Call) -> list[str]:
        plural, *names = call.words
        path = await self._path(plural, call.namespace, names[0] if names else "")
        return _outcome(await self._send("DELETE", path, call, body=yaml.safe_load(call.text)), "deleted")

    async def _do_watch(self, call: Call) -> list[str]:
        label, plural = call.words
        path = await self._path(plural, call.namespace, "")
        answer = await self._client.request(
            "GET", path, query={"watch": "true", **call.query}, headers=[("accept", JSON), *self._user]
        )
        if isinstance(answer, Reply):
            return _outcome(answer, "")
        self._watches[label] = answer
        return []

    async def _do_request(self, call: Call) -> list[str]:
        method, path = call.words
        reply = await self._send(method, path, call, body=yaml.safe_load(call.text) if call.text else None)
        text = reply.body.decode()
        return [str(reply.status), *(_yaml(reply.json()) if text.startswith("{") else text.splitlines())]

    async def _do_advance(self, call: Call) -> list[str]:
        await asyncio.sleep(float(call.words[0]))
        return []

    async def _do_settle(self, call: Call) -> list[str]:
        del call
        return []

    async def _write(self, method: str, obj: Any, call: Call, done: str, kind: str = JSON) -> list[str]:
        metadata = obj.get("metadata") or {}
        served = await self._served_kind(obj.get("apiVersion", "v1"), obj.get("kind", ""))
        namespace = metadata.get("namespace") or call.namespace
        name = "" if method == "POST" else metadata.get("name", "")
        return _outcome(await self._send(method, served.path(namespace, name), call, body=obj, content_type=kind), done)

    async def _send(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Reply:
        headers = [("accept", accept), ("content-type", content_type), *self._user]
        answer = await self._client.request(method, path, query=call.query, body=body, headers=headers)
        await settle()
        if isinstance(answer, Stream):
            answer.close()
            raise TypeError(f"{method} {path} is a stream: use watch")
        return answer

    async def _watched(self) -> list[str]:
        await settle()
        lines = []
        for label, stream in list(self._watches.items()):
            lines += [f"{label}: {_event(json.loads(line))}" for line in stream.take_lines()]
            if stream.ended:
                lines.append(f"{label}: ended")
                del self._watches[label]
        return lines

    async def _path(self, plural: str, namespace: str, name: str) -> str:
        plural, _, subresource = plural.partition("/")
        if plural not in self._paths:
            await self._discover()
        path = self._paths[plural].path(namespace, name)
        return f"{path}/{subresource}" if subresource else path

    async def _served_kind(self, api_version: str, kind: str) -> _Served:
        for attempt in range(2):
            for served in self._paths.values():
                if (served.api_version, served.kind) == (api_version, kind):
                    return served
            if attempt == 0:
                await self._discover()
        raise ValueError(f"no resource serves kind {kind} of {api_version}")

    async def _discover(self) -> None:
        """Learn from discovery which paths serve which kinds."""
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        for root in ("/api", "/apis"):
            reply = await self._client.request("GET", root, headers=[("accept", accept)])
            assert isinstance(reply, Reply)
            for served in _discovered(root, reply.json()):
                for word in served.words:
                    self._paths.setdefault(word, served)

    def _objects(self, call: Call, position: int) -> Iterator[Any]:
        text = call.text or (self._files / call.words[position]).read_text()
        yield from (obj for obj in yaml.safe_load_all(text) if obj is not None)


@dataclass(slots=True)
class Call:
    """A command in parts. `query`: its words of the form name=value."""

    words: list[str]
    query: dict[str, str]
    namespace: str
    text: str


@dataclass(frozen=True, slots=True)
class _Served:
    root: str
    api_version: str
    kind: str
    plural: str
    namespaced: bool
    words: tuple[str, ...] = field(default=())

    def path(self, namespace: str, name: str) -> str:
        parts = [self.root, "namespaces", namespace] if self.namespaced else [self.root]
        return "/".join([*parts, self.plural, *([name] if name else [])])


def _is_option(word: str) -> bool:
    return "=" in word and word.split("=", 1)[0].isalpha()


def _discovered(root: str, document: Any) -> Iterator[_Served]:
    for group in document["items"]:
        name = group["metadata"].get("name", "")
        for version in group["versions"]:
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for resource in version["resources"]:
                words = (resource["resource"], resource["singularResource"], *resource.get("shortNames", ()))
                yield _Served(
                    root=f"{root}/{api_version}",
                    api_version=api_version,
                    kind=resource["responseKind"]["kind"],
                    plural=resource["resource"],
                    namespaced=resource["scope"] == "Namespaced",
                    words=words,
                )


def _outcome(reply: Reply, done: str) -> list[str]:
    """`configmap/a created`, or the Status that says why not; warnings first."""
    warnings = [f"warning: {text.partition(' - ')[2].strip()}" for text in reply.header("Warning")]
    document = reply.json()
    if reply.status >= 400 or document.get("kind") == "Status":
        if document.get("status") == "Success":
            details = document.get("details") or {}
            return [*warnings, f"{details.get('kind', '')}/{details.get('name', '')} {done}"]
        message = _REVISION.sub("(<rv>)", document.get("message", ""))
        return [*warnings, f"{reply.status} {document.get('reason', '')}: {message}"]
    if document["kind"].endswith("List"):
        return [*warnings, *(f"{_name(item)} {done}" for item in document["items"])]
    return [*warnings, f"{_name(document)} {done}"]


def _name(obj: Any) -> str:
    return f"{obj.get('kind', 'object').lower()}/{obj['metadata'].get('name', '')}"


def _event(event: Any) -> str:
    obj = event["object"]
    if event["type"] == "ERROR":
        return f"ERROR {obj.get('code')} {obj.get('reason')}: {obj.get('message')}"
    name = "" if event["type"] == "BOOKMARK" else f" {obj['metadata'].get('name', '')}"
    return f"{event['type']}{name}"


def _table(reply: Reply) -> list[str]:
    table = reply.json()
    if table.get("kind") != "Table":
        return _outcome(reply, "")
    shown = [i for i, column in enumerate(table["columnDefinitions"]) if not column["priority"]]
    rows = [[table["columnDefinitions"][i]["name"].upper() for i in shown]]
    rows += [[str(row["cells"][i]) for i in shown] for row in table["rows"] or ()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(shown))]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fields(obj: Any, fields: list[str]) -> list[str]:
    if not fields or fields == ["."]:
        return _yaml({**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k not in VOLATILE}})
    lines = []
    for path in fields:
        value = obj
        for part in path.split("."):
            value = (
                value[int(part)] if isinstance(value, list) else value.get(part) if isinstance(value, dict) else None
            )
        lines.append(f"{path}: {json.dumps(value, sort_keys=True)}")
    return lines


def _yaml(value: Any) -> list[str]:
    return yaml.safe_dump(value, default_flow_style=False, sort_keys=True).splitlines()
