"""What can go wrong with an expression, and how it is shown.

CelError
├── CompileError       the text is refused; `issues` say where
│   ├── CelSyntaxError it is not CEL
│   └── CelTypeError   it is CEL, but names or types do not fit
├── InstantiationError a constant in it has no value, such as int('x')
└── EvaluationError    a value has no answer: missing key, overflow, division by zero; absorbed by && and ||
└── CostExceeded   the evaluation was cut off; absorbed by nothing
"""

from __future__ import annotations

from dataclasses import dataclass

ISSUES_MAX = 100
SNIPPET_CHARS_MAX = 16384


class CelError(Exception):
    """Base of everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One complaint about a text; `offset` counts code points, -1 stands for the text as a whole."""

    offset: int
    message: str

    def render(self, text: str) -> str:
        """`ERROR: <input>:1:8: message`, the line, and a caret below the place; as cel-go shows it."""
        if self.offset < 0:
            return f"ERROR: <input>:-1:0: {self.message}"
        start = text.rfind("\n", 0, self.offset) + 1
        line = text.count("\n", 0, self.offset) + 1
        column = self.offset - start
        head = f"ERROR: <input>:{line}:{column + 1}: {self.message}"
        end = text.find("\n", start)
        snippet = text[start : end if end >= 0 else len(text)].replace("\t", " ")
        if len(snippet) > SNIPPET_CHARS_MAX:
            return head
        dots = "".join("．" if ord(char) > 0x7F else "." for char in snippet[:column])
        caret = "＾" if ord(snippet[column : column + 1] or "x") > 0x7F else "^"
        return f"{head}\n | {snippet}\n | {dots}{caret}"


class CompileError(CelError):
    """The text is refused. `str()` is the text of all issues, one below the other, as cel-go joins them."""

    def __init__(self, text: str, issues: list[Issue]) -> None:
        self.issues = tuple(sorted(issues[:ISSUES_MAX], key=lambda issue: _place(text, issue.offset)))
        lines = [issue.render(text) for issue in self.issues]
        if len(issues) > ISSUES_MAX:
            lines.append(f"{len(issues) - ISSUES_MAX} more errors were truncated")
        super().__init__("\n".join(lines))


class CelSyntaxError(CompileError):
    """The text is not CEL."""


class CelTypeError(CompileError):
    """The text is CEL, but a name is not declared or types do not fit."""


class InstantiationError(CelError):
    """A constant of the text has no value; `str()` is cel-go's message."""


class EvaluationError(CelError):
    """There is no value; `str()` is cel-go's message."""


class CostExceeded(EvaluationError):
    """The evaluation went over its cost limit and was cut off."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


def no_such_overload() -> EvaluationError:
    """What an operator or function answers to types that it is not made for."""
    return EvaluationError("no such overload")


def _place(text: str, offset: int) -> int:
    """Order of issues: by line and column, those about the whole text first."""
    del text
    return offset
