"""Set-up of the standard logging module: text lines for people, JSON lines for machines.

Code logs as usual, `logging.getLogger(__name__).info("what happened", extra={"peer": address})`: what stands in `extra`
becomes fields of the line. Records are written to one stream and never raise into the code that logs.

Text:  2026-11-25T08:00:00.000Z INFO  steersman.lib.http.server: what happened peer=10.0.0.1
JSON:  {"ts":"2026-11-25T08:00:00.000Z","level":"info","logger":"…","msg":"what happened","peer":"10.0.0.1"}
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN_MAX = 200


class Format(StrEnum):
    """How lines look."""

    TEXT = "text"
    JSON = "json"


def configure(
    *,
    level: str = "info",
    levels: Mapping[str, str] | None = None,
    form: Format = Format.TEXT,
    stream: TextIO | None = None,
) -> logging.Handler:
    """Make all loggers write to `stream` (standard error) from `level` on; `levels` are exceptions by logger name.

    Replaces what an earlier call installed, so that it can be called again. Raises ValueError for an unknown level.
    """
    thresholds = {name: _level(value) for name, value in {"": level, **(levels or {})}.items()}
    handler = _StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JSONFormatter() if form is Format.JSON else TextFormatter())
    root = logging.getLogger()
    for former in [h for h in root.handlers if isinstance(h, _StreamHandler)]:
        root.removeHandler(former)
        former.flush()
    root.addHandler(handler)
    for name, threshold in thresholds.items():
        logging.getLogger(name).setLevel(threshold)
    # Threads, processes and task names are looked up for each record and never shown.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)
    return handler


class TextFormatter(logging.Formatter):
    """One line per record; tracebacks follow on lines of their own."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_timestamp(record.created)} {record.levelname:<5} {record.name}: {_one_line(record.getMessage())}"
        line += "".join(f" {key}={_text_value(value)}" for key, value in _fields(record).items())
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


class JSONFormatter(logging.Formatter):
    """One JSON object per record and line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "ts": _timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        for key, value in _fields(record).items():
            entry[f"field_{key}" if key in entry else key] = value
        trace = _trace(self, record)
        if trace:
            entry["trace"] = trace
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), default=str)


class _StreamHandler(logging.StreamHandler[TextIO]):
    """The one that `configure` installs, told apart from a caller's own."""


def _level(name: str) -> int:
    number = logging.getLevelNamesMapping().get(name.upper())
    if number is None:
        raise ValueError(f"unknown log level {name!r}: one of debug, info, warning, error, critical")
    return number


def _timestamp(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _RESERVED}


def _one_line(text: str) -> str:
    """What peers may have written must not look like a record of its own."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _text_value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    plain = bool(text) and text.isprintable() and not any(c in text for c in ' "=') and len(text) <= _PLAIN_MAX
    return text if plain or not isinstance(value, str) else json.dumps(text, ensure_ascii=False)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)
