"""Scripts with expected output: text files of commands, a line `----`, and what the commands print.

    # A comment says what the script is about.
    create
      kind: ConfigMap
      metadata: {name: a}
    get configmap a
    ----
    configmap/a created
    ...

Commands of one stanza run one after the other, their output is compared as a whole. Indented lines below a command are
its text. A stanza's output ends at the first empty line. The format is independent of what the commands mean.
"""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import dataclass

SEPARATOR = "----"


class ScriptError(ValueError):
    """A script that cannot be read; says the file and line."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its line, and the indented text below it (dedented)."""

    line: str
    text: str
    number: int
    """Line number in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """Commands, the source text they came from (comments included), and the output they should have."""

    source: tuple[str, ...]
    commands: tuple[Command, ...]
    expected: tuple[str, ...]


def parse(text: str, *, name: str = "script") -> list[Stanza]:
    """Read a script. Raises ScriptError for commands without a separator, or indented text without a command."""
    stanzas: list[Stanza] = []
    source: list[str] = []
    commands: list[Command] = []
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line == SEPARATOR:
            end = next((i for i in range(index, len(lines)) if not lines[i].strip()), len(lines))
            stanzas.append(Stanza(tuple(source), tuple(commands), tuple(lines[index:end])))
            source, commands, index = [], [], end
            continue
        source.append(line)
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            raise ScriptError(f"{name}:{index}: indented text belongs below a command")
        end = index
        while end < len(lines) and (lines[end].startswith("  ") or (not lines[end].strip() and _goes_on(lines, end))):
            end += 1
        commands.append(Command(line.strip(), textwrap.dedent("\n".join(lines[index:end])), index))
        source += lines[index:end]
        index = end
    if commands:
        raise ScriptError(f"{name}:{len(lines)}: commands without a line {SEPARATOR}")
    return stanzas


def _goes_on(lines: list[str], index: int) -> bool:
    """Whether indented text continues after the empty line at `index`."""
    after = next((line for line in lines[index:] if line.strip()), "")
    return after.startswith("  ")


def render(stanzas: list[tuple[Stanza, list[str]]]) -> str:
    """The script's text with these outputs."""
    parts = []
    for stanza, output in stanzas:
        lines = [*stanza.source, SEPARATOR, *_solid(output)]
        parts.append("\n".join(lines).strip("\n"))
    return "\n\n".join(parts) + "\n"


def compare(done: list[tuple[Stanza, list[str]]]) -> str:
    """A diff of expected and actual output, "" if they agree. Empty lines of the output do not count."""
    if all(list(stanza.expected) == _solid(output) for stanza, output in done):
        return ""
    wanted = render([(stanza, list(stanza.expected)) for stanza, _ in done])
    return "\n".join(
        difflib.unified_diff(wanted.splitlines(), render(done).splitlines(), "expected", "actual", lineterm="", n=6)
    )


def _solid(output: list[str]) -> list[str]:
    return [line.rstrip() for line in output if line.strip()]
