"""Label selectors in their text form: `tier in (web, api), !canary, version != 2`.

    selector    = "" | requirement { "," requirement }
    requirement = ["!"] KEY | KEY ("=" | "==" | "!=" | ">" | "<") VALUE | KEY ("in" | "notin") "(" values ")"

Grammar, oddities (`x in (in)`, `x=`, `x in (,)` are valid) and error texts are those of apimachinery pkg/labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.errors import FieldError, Invalid, invalid, not_supported
from steersman.api.meta.names import label_value, qualified_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Labels = Mapping[str, str]
    Predicate = Callable[[Labels], bool]

_BINARY_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_ALL_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt", "exists", "!")
_MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition. `operator` is one of `in notin = == != exists ! gt lt`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{','.join(sorted(self.values))}"


@dataclass(frozen=True, slots=True, eq=False)
class Selector:
    """A conjunction of requirements, compiled to one function of a label dict. Equal if their texts are.

    `matches(labels)` is an attribute, not a method, so that a scan over thousands of objects pays for one call each.
    """

    requirements: tuple[Requirement, ...]
    """Sorted by key."""
    nothing: bool = False
    """Matches no object at all: what an absent label selector object means."""
    matches: Predicate = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matches", _never if self.nothing else _compile(self.requirements))

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and (self.nothing, str(self)) == (other.nothing, str(other))

    def __hash__(self) -> int:
        return hash((self.nothing, str(self)))

    @property
    def everything(self) -> bool:
        """Restricts nothing."""
        return not self.requirements and not self.nothing

    def exact(self, key: str) -> str | None:
        """The one value that `key` must have, if the selector says so."""
        for requirement in self.requirements:
            if requirement.key == key:
                if requirement.operator in ("=", "==", "in") and len(requirement.values) == 1:
                    return requirement.values[0]
                return None
        return None


def requirement_errors(key: str, operator: str, values: Iterable[str], path: str = "") -> list[FieldError]:
    """What is wrong with a requirement; paths are below `path`."""
    prefix = f"{path}." if path else ""
    listed = list(values)
    at = f"{prefix}values"
    errors = []
    if messages := qualified_name(key):
        errors.append(invalid(f"{prefix}key", key, "; ".join(messages)))
    match operator:
        case "in" | "notin":
            if not listed:
                errors.append(invalid(at, listed, "for 'in', 'notin' operators, values set can't be empty"))
        case "=" | "==" | "!=":
            if len(listed) != 1:
                errors.append(invalid(at, listed, "exact-match compatibility requires one single value"))
        case "exists" | "!":
            if listed:
                errors.append(invalid(at, listed, "values set must be empty for exists and does not exist"))
        case "gt" | "lt":
            if len(listed) != 1:
                errors.append(invalid(at, listed, "for 'Gt', 'Lt' operators, exactly one value is required"))
            for index, value in enumerate(listed):
                if parse_int64(value) is None:
                    detail = "for 'Gt', 'Lt' operators, the value must be an integer"
                    errors.append(invalid(f"{at}[{index}]", value, detail))
        case _:
            errors.append(not_supported(f"{prefix}operator", operator, _ALL_OPERATORS))
    for index, value in enumerate(listed):
        if messages := label_value(value):
            errors.append(invalid(f"{at}[{index}][{key}]", value, "; ".join(messages)))
    return errors


def parse_selector(text: str) -> Selector:
    """Read a selector. Raises ValueError with upstream's message."""
    return EVERYTHING if not text else selector_of(_Parser(_tokens(text)).parse())


def selector_of(requirements: Iterable[Requirement]) -> Selector:
    """The conjunction of requirements that are known to be valid."""
    return Selector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


def selector_of_labels(labels: Labels | None) -> Selector:
    """Exactly these labels, unvalidated; none at all selects everything."""
    return selector_of(Requirement(key, "=", (value,)) for key, value in (labels or {}).items())


def parse_int64(text: str) -> int | None:
    """Go's strconv.ParseInt in base 10."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isascii() or not digits.isdecimal() or len(digits.lstrip("0")) > 19:
        return None
    number = int(text)
    return number if -_MAX_INT64 - 1 <= number <= _MAX_INT64 else None


# --- Compiling ---------------------------------------------------------------------------------------------------


def _compile(requirements: tuple[Requirement, ...]) -> Predicate:
    """One closure per requirement, each calling the next only when it holds; the selective ones first."""
    selective = sorted(requirements, key=lambda requirement: requirement.operator not in ("=", "==", "in"))
    if len(selective) == 2 and all(len(r.values) == 1 and r.operator in ("=", "==", "in") for r in selective):
        (a, x), (b, y) = ((r.key, r.values[0]) for r in selective)
        return lambda labels: labels.get(a) == x and labels.get(b) == y
    predicate: Predicate | None = None
    for requirement in reversed(selective):
        predicate = _predicate(requirement) if predicate is None else _both(requirement, predicate)
    return predicate or _always


def _both(requirement: Requirement, rest: Predicate) -> Predicate:
    key, values = requirement.key, requirement.values
    match requirement.operator:
        case "=" | "==" | "in":
            if len(values) == 1:
                value = values[0]
                return lambda labels: labels.get(key) == value and rest(labels)
            wanted = frozenset(values)
            return lambda labels: labels.get(key) in wanted and rest(labels)
        case "!=" | "notin":
            unwanted = frozenset(values)
            return lambda labels: labels.get(key) not in unwanted and rest(labels)
        case "exists":
            return lambda labels: key in labels and rest(labels)
        case "!":
            return lambda labels: key not in labels and rest(labels)
        case _:
            first = _predicate(requirement)
            return lambda labels: first(labels) and rest(labels)


def _predicate(requirement: Requirement) -> Predicate:
    key, values = requirement.key, requirement.values
    match requirement.operator:
        case "=" | "==" | "in":
            if len(values) == 1:
                value = values[0]
                return lambda labels: labels.get(key) == value
            wanted = frozenset(values)
            return lambda labels: labels.get(key) in wanted
        case "!=" | "notin":
            unwanted = frozenset(values)
            return lambda labels: labels.get(key) not in unwanted
        case "exists":
            return lambda labels: key in labels
        case "!":
            return lambda labels: key not in labels
        case "gt" | "lt":
            return _comparison(key, int(values[0]), greater=requirement.operator == "gt")
        case _:
            return _never


def _comparison(key: str, bound: int, *, greater: bool) -> Predicate:
    def compare(labels: Labels) -> bool:
        number = parse_int64(labels.get(key, ""))
        return number is not None and (number > bound if greater else number < bound)

    return compare


def _always(_labels: Labels) -> bool:
    return True


def _never(_labels: Labels) -> bool:
    return False


EVERYTHING = Selector(())
NOTHING = Selector((), nothing=True)


# --- Parsing -----------------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    kind: str
    """`id`, `end`, `error`, or the literal itself: `in notin , ( ) ! = == != > <`."""
    text: str


_SYMBOLS = "=!(),><"
_SYMBOL_TOKENS = frozenset({"=", "==", "!=", "!", "(", ")", ",", ">", "<"})
_SPACES = " \t\r\n"


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    text = text.partition("\0")[0]  # upstream's lexer ends at a zero byte
    while position < len(text):
        char = text[position]
        if char in _SPACES:
            position += 1
        elif char in _SYMBOLS:
            token, position = _symbol(text, position)
            tokens.append(token)
        else:
            start = position
            while position < len(text) and text[position] not in _SYMBOLS and text[position] not in _SPACES:
                position += 1
            word = text[start:position]
            tokens.append(_Token(word if word in ("in", "notin") else "id", word))
    tokens.append(_Token("end", ""))
    return tokens


def _symbol(text: str, start: int) -> tuple[_Token, int]:
    """The longest operator that begins here."""
    end = start + 1
    while end < len(text) and text[start : end + 1] in _SYMBOL_TOKENS:
        end += 1
    return _Token(text[start:end], text[start:end]), end


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def parse(self) -> list[Requirement]:
        requirements: list[Requirement] = []
        while True:
            token = self._peek()
            if token.kind == "end":
                return requirements
            if token.kind not in ("id", "!"):
                raise ValueError(f"found '{token.text}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self._requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            token = self._next()
            if token.kind == "end":
                return requirements
            if token.kind != ",":
                raise ValueError(f"found '{token.text}', expected: ',' or 'end of string'")
            following = self._peek()
            if following.kind not in ("id", "!"):
                raise ValueError(f"found '{following.text}', expected: identifier after ','")

    def _peek(self, *, as_value: bool = True) -> _Token:
        token = self._tokens[min(self._position, len(self._tokens) - 1)]
        return _Token("id", token.text) if as_value and token.kind in ("in", "notin") else token

    def _next(self, *, as_value: bool = True) -> _Token:
        token = self._peek(as_value=as_value)
        self._position += 1
        return token

    def _requirement(self) -> Requirement:
        token = self._next()
        absent = token.kind == "!"
        if absent:
            token = self._next()
        if token.kind != "id":
            raise ValueError(f"found '{token.text}', expected: identifier")
        key = token.text
        if messages := qualified_name(key):
            raise ValueError(str(invalid("<nil>", key, "; ".join(messages))))
        if absent:
            return _checked(key, "!", [])
        if self._peek().kind in ("end", ","):
            return _checked(key, "exists", [])
        operator = self._operator()
        values = self._values() if operator in ("in", "notin") else self._exact_value()
        return _checked(key, operator, values)

    def _operator(self) -> str:
        token = self._next(as_value=False)
        if token.kind in ("in", "notin", "=", "==", "!="):
            return token.kind
        if token.kind in (">", "<"):
            return "gt" if token.kind == ">" else "lt"
        raise ValueError(f"found '{token.text}', expected: {_BINARY_OPERATORS}")

    def _exact_value(self) -> set[str]:
        if self._peek().kind in ("end", ","):
            return {""}
        token = self._next()
        if token.kind != "id":
            raise ValueError(f"found '{token.text}', expected: identifier")
        return {token.text}

    def _values(self) -> set[str]:
        token = self._next()
        if token.kind != "(":
            raise ValueError(f"found '{token.text}' expected: '('")
        token = self._peek()
        if token.kind == ")":
            self._next()
            return {""}
        if token.kind not in ("id", ","):
            raise ValueError(f"found '{token.text}', expected: ',', ')' or identifier")
        values = self._identifiers()
        if self._next().kind != ")":
            raise ValueError(f"found '{token.text}', expected: ')'")
        return values

    def _identifiers(self) -> set[str]:
        """A comma-separated list whose items may be missing, which means the empty string."""
        values: set[str] = set()
        while True:
            token = self._next()
            following = self._peek()
            if token.kind == "id":
                values.add(token.text)
                if following.kind == ")":
                    return values
                if following.kind != ",":
                    raise ValueError(f"found '{following.text}', expected: ',' or ')'")
            elif token.kind == ",":
                if not values or following.kind in (",", ")"):
                    values.add("")
                if following.kind == ")":
                    return values
            else:
                raise ValueError(f"found '{token.text}', expected: ',', or identifier")


def _checked(key: str, operator: str, values: Iterable[str]) -> Requirement:
    listed = sorted(values)
    if errors := requirement_errors(key, operator, listed):
        raise ValueError(Invalid.aggregate(errors))
    return Requirement(key, operator, tuple(listed))
