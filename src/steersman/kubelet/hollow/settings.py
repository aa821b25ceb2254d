"""What can be set about the life of a simulated container, and how it is written. Pure.

Each setting is a word with a value, the same in a pod's annotations (`hollow.steersman.dev/exit: "1 after 5s"`) and in
a file of rules (`exit: 1 after 5s`); docs/hollow-nodes.md is the manual. In annotations a value may be for one
container: `app=1 after 5s, sidecar=0 after 1m`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from steersman.api.meta.quantity import parse
from steersman.runtimes.life import Exit, Life, ProbeScript, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "hollow.steersman.dev/"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_EXIT = re.compile(
    r"(?P<code>\d{1,3})(?: (?P<reason>[A-Z]\w*))?(?: after (?P<after>\S+))?(?: (?P<times>\d+) times?)?\Z"
)
_OOM = re.compile(r"(?:after (?P<after>\S+))?(?: ?(?P<times>\d+) times?)?\Z")
_PROBE = re.compile(r"(?P<first>pass|fail)(?: after (?P<after>\S+))?(?: for (?P<span>\S+))?\Z")
_CONTAINER = re.compile(r"([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)=(.*)\Z")
EXIT_KILLED = 137
SOON = Span(1.0, 3.0)
"""When a container ends of which nothing else is said."""


class SettingError(ValueError):
    """A value that means nothing; the message says what would."""


ORDINARY = Life()


def parse_duration(text: str) -> float:
    """Seconds of `1m30s`, `500ms`, `0`. Raises SettingError."""
    text = str(text).strip()
    if text == "0":
        return 0.0
    if _DURATION.match(text) is None:
        raise SettingError(f"{text!r} is no duration; write one such as 500ms, 5s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def parse_span(text: str) -> Span:
    """`5s`, or `1s-3s` of which one is drawn. Raises SettingError."""
    low, dash, high = str(text).strip().partition("-")
    low_s = parse_duration(low)
    high_s = parse_duration(high) if dash else low_s
    if high_s < low_s:
        raise SettingError(f"{text!r}: the second duration is shorter than the first; write them as in 1s-3s")
    return Span(low_s, high_s)


def _set_exit(life: Life, text: str) -> Life:
    if text == "never":
        return replace(life, exit=None)
    match = _EXIT.match(text)
    if match is None or int(match["code"]) > 255:
        raise SettingError(
            f"{text!r}: write `never`, or a code from 0 to 255 such as `1 after 5s` or `0 after 1s 3 times`"
        )
    after = parse_span(match["after"]) if match["after"] else SOON
    return _ending(life, Exit(int(match["code"]), match["reason"] or "", after, int(match["times"] or 0)))


def _ending(life: Life, end: Exit) -> Life:
    """What is said of the first runs leaves the others as they are."""
    return replace(life, exit=replace(end, then=life.exit) if end.times else end)


def _set_oom(life: Life, text: str) -> Life:
    match = _OOM.match(text)
    if match is None:
        raise SettingError(f"{text!r}: write `after 5s`, or `after 5s 3 times`")
    after = parse_span(match["after"]) if match["after"] else SOON
    return _ending(life, Exit(EXIT_KILLED, "OOMKilled", after, int(match["times"] or 0)))


def _set_pull(life: Life, text: str) -> Life:
    if text == "error" or text.startswith("error "):
        return replace(life, pull_error=text[6:])
    try:
        return replace(life, pull=parse_span(text), pull_error=None)
    except SettingError:
        raise SettingError(f"{text!r}: write a duration such as 5s, `error`, or `error` and what went wrong") from None


def _set_sandbox(life: Life, text: str) -> Life:
    if text == "ok":
        return replace(life, sandbox_error="")
    if not text.startswith("error "):
        raise SettingError(f"{text!r}: write `ok`, or `error` and what went wrong")
    return replace(life, sandbox_error=text[6:])


def _set_stop(life: Life, text: str) -> Life:
    if text == "never":
        return replace(life, stop=None)
    span, _, code = text.partition(" with ")
    if code and not (code.isdigit() and int(code) < 256):
        raise SettingError(f"{text!r}: write `never`, a duration such as 5s, or `5s with 0` for an exit code of 0")
    return replace(life, stop=parse_span(span), stop_code=int(code) if code else life.stop_code)


def _probe_script(text: str) -> ProbeScript:
    match = _PROBE.match(text)
    if match is None:
        raise SettingError(
            f"{text!r}: write `pass`, `fail`, `fail after 30s`, `fail after 30s for 1m` or `pass after 5s`"
        )
    passes = match["first"] == "pass"
    if match["after"] is None:
        if match["span"] is not None:
            raise SettingError(f"{text!r}: `for` needs `after`, as in `fail after 30s for 1m`")
        return ProbeScript(passes)
    span_s = parse_duration(match["span"]) if match["span"] is not None else None
    return ProbeScript(not passes, parse_duration(match["after"]), span_s)


def _set_cpu(life: Life, text: str) -> Life:
    share, amount = _amount(text, "100m")
    return replace(life, cpu_share=share, cpu_m=None if amount is None else amount * 1000)


def _set_memory(life: Life, text: str) -> Life:
    share, amount = _amount(text, "64Mi")
    return replace(life, memory_share=share, memory_bytes=amount)


def _amount(text: str, example: str) -> tuple[float | None, float | None]:
    """(share of the request, amount), one of which is None."""
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100, None
        return None, float(parse(text).milli_value()) / 1000
    except ValueError:
        raise SettingError(
            f"{text!r}: write an amount such as {example}, or a share of the request such as 80%"
        ) from None


SETTINGS: Mapping[str, Callable[[Life, str], Life]] = {
    "start": lambda life, text: replace(life, start=parse_span(text)),
    "pull": _set_pull,
    "sandbox": _set_sandbox,
    "exit": _set_exit,
    "oom": _set_oom,
    "stop": _set_stop,
    "readiness": lambda life, text: replace(life, readiness=_probe_script(text)),
    "liveness": lambda life, text: replace(life, liveness=_probe_script(text)),
    "startup": lambda life, text: replace(life, startup=_probe_script(text)),
    "message": lambda life, text: replace(life, message=text),
    "cpu": _set_cpu,
    "memory": _set_memory,
}


def set_one(life: Life, name: str, value: Any) -> Life:
    """`life` with one setting more. Raises SettingError."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise SettingError(f"there is no setting {name!r}; there are {', '.join(SETTINGS)}")
    return setting(life, " ".join(str(value).split()))


def for_container(text: str, container: str) -> str | None:
    """The part of an annotation's value that is for a container: the whole of one that names none."""
    if _CONTAINER.match(text.strip()) is None:
        return text
    for part in text.split(","):
        match = _CONTAINER.match(part.strip())
        if match is None:
            raise SettingError(f"{part.strip()!r}: name a container in each part, as in app=..., sidecar=...")
        if match[1] == container:
            return match[2]
    return None


def check_annotation(name: str, text: str) -> None:
    """Raises SettingError for what no container could have."""
    parts = [text]
    if _CONTAINER.match(text.strip()):
        parts = [for_container(part, part.strip().partition("=")[0]) or "" for part in text.split(",")]
    for part in parts:
        set_one(ORDINARY, name, part)
