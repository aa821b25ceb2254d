"""What is served beside resources: documents, found by their path. Each unit brings its own paths; nothing else knows
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from steersman.apiserver.app import Outcome
    from steersman.apiserver.authn.user import User
    from steersman.lib.http.message import Request

    Document = Callable[[Request, User], Outcome | Awaitable[Outcome] | None]


class Documents:
    """Exact paths first, then prefixes (which end with a slash), the longest first. A trailing slash is forgiven."""

    def __init__(self) -> None:
        self._exact: dict[str, Document] = {}
        self._prefixes: list[tuple[str, Document]] = []

    def add(self, path: str, document: Document) -> None:
        self._exact[path] = document

    def add_prefix(self, prefix: str, document: Document) -> None:
        """Everything below `prefix`, which ends with a slash."""
        self._prefixes.append((prefix, document))
        self._prefixes.sort(key=lambda item: -len(item[0]))

    def paths(self) -> Sequence[str]:
        """The exact paths, sorted."""
        return sorted(self._exact)

    def serve(self, request: Request, user: User) -> Outcome | Awaitable[Outcome] | None:
        """None if there is no document at the path."""
        path = request.path
        document = self._exact.get(path) or self._exact.get(path.rstrip("/"))
        if document is not None:
            return document(request, user)
        for prefix, candidate in self._prefixes:
            if path.startswith(prefix):
                outcome = candidate(request, user)
                if outcome is not None:
                    return outcome
        return None
