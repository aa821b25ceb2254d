"""Tokens to a syntax tree, by recursive descent, with macros expanded on the way.

Errors follow the strategy of cel-go's generated parser: one token too many is skipped ("extraneous input"), one that
is plainly missing is made up ("missing ')' at …"), and everything else ends the parse ("mismatched input … expecting
…").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NoReturn

from steersman.cel import syntax
from steersman.cel.errors import CelSyntaxError, Issue
from steersman.cel.lexer import EOF, Token, tokenize, unquote
from steersman.cel.macros import MacroError
from steersman.cel.values import INT_MAX, INT_MIN, UINT_MAX, Uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.cel.macros import Macros

TEXT_CHARS_MAX = 100_000
DEPTH_MAX = 250

RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
_CHAINED = frozenset({"||", "&&"})
_RELATIONS = ("<", "<=", ">=", ">", "==", "!=", "in")
_RANKS = {"||": 1, "&&": 2, **dict.fromkeys(_RELATIONS, 3), "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
"""Precedence of operators: the higher binds the tighter."""
_ORDER = (
    "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "true", "false", "null",
    "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER", "ESC_IDENTIFIER",
)  # fmt: skip
_STARTS = frozenset(_ORDER) - {"]", "}", ")", ",", "?", ":", "ESC_IDENTIFIER"}
_ELEMENT_STARTS = _STARTS | {"?"}
_FIELD_NAMES = frozenset({"IDENTIFIER", "ESC_IDENTIFIER"})
_CONTINUES = frozenset(_RANKS) | {".", "[", "?"}


def parse(text: str, macros: Macros) -> syntax.Node:
    """The tree of an expression; raises CelSyntaxError."""
    if len(text) > TEXT_CHARS_MAX:
        message = f"expression code point size exceeds limit: size: {len(text)}, limit {TEXT_CHARS_MAX}"
        raise CelSyntaxError(text, [Issue(-1, message)])
    tokens, issues = tokenize(text)
    parser = _Parser(text, tokens, issues, macros)
    try:
        tree = parser.start()
    except _Stop:
        tree = None
    if issues or tree is None:
        raise CelSyntaxError(text, issues)
    return tree


class _Stop(Exception):
    """The parse cannot go on; the reason stands among the issues."""


class _Parser:
    """One parse: where it stands, what is open, and what was wrong so far."""

    def __init__(self, text: str, tokens: list[Token], issues: list[Issue], macros: Macros) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0
        self.issues = issues
        self.macros = macros
        self.depth = 0
        self.closers: list[frozenset[str]] = [frozenset({EOF})]

    # -- tokens and errors

    def peek(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, kind: str) -> Token | None:
        return self.next() if self.tokens[self.at].kind == kind else None

    def report(self, offset: int, message: str) -> syntax.Node:
        """Note an error and stand in for the node that cannot be built."""
        self.issues.append(Issue(offset, message))
        return syntax.Literal(offset, None)

    def stop(self, token: Token, message: str) -> NoReturn:
        self.report(token.offset, "Syntax error: " + message)
        raise _Stop

    def no_alternative(self, first: Token, last: Token) -> str:
        """What is said where the grammar has no way on, whatever follows: the text from where it had to choose."""
        end = last.offset + len(last.text) if last.kind != EOF else first.offset + len(first.text)
        seen = self.text[first.offset : end]
        if seen in {".true", ".false", ".null"}:
            return f"mismatched input '{seen[1:]}' expecting IDENTIFIER"
        return f"no viable alternative at input '{seen}'"

    def expect(self, kind: str) -> Token:
        """Take a token of this kind, or do as if."""
        token = self.peek()
        if token.kind == kind:
            return self.next()
        wanted = _names(frozenset({kind}))
        if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].kind == kind:
            self.report(token.offset, f"Syntax error: extraneous input '{token.text}' expecting {wanted}")
            self.at += 1
            return self.next()
        if kind == EOF or token.kind not in self.after(kind):
            self.stop(token, f"mismatched input '{token.text}' expecting {wanted}")
        self.report(token.offset, f"Syntax error: missing {wanted} at '{token.text}'")
        return Token(kind, kind, token.offset)

    def after(self, kind: str) -> frozenset[str]:
        """What may follow a token that is missing."""
        if kind in {":", ","}:
            return _STARTS
        return _CONTINUES | (self.closers[-1] if self.closers else frozenset())

    def sync(self, allowed: frozenset[str]) -> None:
        """Before an expression: skip one token that cannot start it if the next one can."""
        token = self.peek()
        if token.kind in allowed:
            return
        wanted = _names(allowed)
        if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].kind in allowed:
            self.report(token.offset, f"Syntax error: extraneous input '{token.text}' expecting {wanted}")
            self.at += 1
            return
        self.stop(token, f"mismatched input '{token.text}' expecting {wanted}")

    # -- the grammar

    def start(self) -> syntax.Node:
        tree = self.expression()
        token = self.peek()
        if token.kind != EOF:
            self.expect(EOF)
        return tree

    def expression(self) -> syntax.Node:
        """`or ? or : expression`."""
        self.enter()
        node = self.binary(1)
        question = self.accept("?")
        if question is not None:
            self.closers.append(frozenset({":"}))
            first = self.binary(1)
            self.closers.pop()
            self.expect(":")
            node = self.call(question.offset, "_?_:_", None, [node, first, self.expression()])
        self.depth -= 1
        return node

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self.report(-1, f"expression recursion limit exceeded: {DEPTH_MAX}")
            raise _Stop

    def binary(self, level: int) -> syntax.Node:
        """Operators of this precedence and above; all of them group to the left.

        A chain of `||`, or one of `&&`, is one call of many arguments, as its order of evaluation is.
        """
        node = self.unary()
        links = 0
        while (rank := _RANKS.get(self.peek().kind, 0)) >= level:
            operator = self.next()
            terms = [node, self.binary(rank + 1)]
            while operator.kind in _CHAINED and self.accept(operator.kind):
                terms.append(self.binary(rank + 1))
            name = "@in" if operator.kind == "in" else f"_{operator.kind}_"
            node = self.call(operator.offset, name, None, terms)
            links += 1
            if links > DEPTH_MAX:
                self.report(-1, "max recursion depth exceeded")
                raise _Stop
        return node

    def unary(self) -> syntax.Node:
        self.sync(_STARTS)
        token = self.peek()
        if token.kind not in {"!", "-"}:
            return self.member()
        if token.kind == "-" and self.tokens[self.at + 1].kind in {"NUM_INT", "NUM_FLOAT"}:
            return self.member()
        count = 0
        while self.accept(token.kind):
            count += 1
        following = self.peek()
        if token.kind == "-" and count == 1 and following.kind not in _STARTS:
            self.report(following.offset, "Syntax error: " + self.no_alternative(token, following))
        operand = self.member()
        if count % 2 == 0:
            return operand
        return self.call(token.offset, "!_" if token.kind == "!" else "-_", None, [operand])

    def member(self) -> syntax.Node:
        node = self.primary()
        links = 0
        while True:
            if self.peek().kind == ".":
                node = self.selection(node, self.next())
            elif self.peek().kind == "[":
                node = self.index(node, self.next())
            else:
                return node
            links += 1
            if links > DEPTH_MAX:
                self.report(-1, "max recursion depth exceeded")
                raise _Stop

    def selection(self, operand: syntax.Node, dot: Token) -> syntax.Node:
        optional = self.accept("?") is not None
        if not optional and self.peek().kind not in _FIELD_NAMES:
            self.stop(self.peek(), self.no_alternative(dot, self.peek()))
        name = self.field_name()
        if name.kind == "IDENTIFIER" and not optional and (paren := self.accept("(")):
            return self.call(paren.offset, name.text, operand, self.arguments(")"))
        field = name.text if name.kind == "IDENTIFIER" else name.text[1:-1]
        return syntax.Select(dot.offset, operand, field, optional=optional)

    def index(self, operand: syntax.Node, bracket: Token) -> syntax.Node:
        self.sync(_STARTS | {"?"})
        optional = self.accept("?") is not None
        self.closers.append(frozenset({"]"}))
        key = self.expression()
        self.closers.pop()
        self.expect("]")
        return self.call(bracket.offset, "_[?_]" if optional else "_[_]", None, [operand, key])

    def arguments(self, closer: str) -> list[syntax.Node]:
        """What stands between the parentheses of a call, and the closing one."""
        self.sync(_STARTS | {closer})
        args: list[syntax.Node] = []
        if self.accept(closer):
            return args
        self.closers.append(frozenset({closer, ","}))
        args.append(self.expression())
        while self.accept(","):
            self.sync(_STARTS)
            args.append(self.expression())
        self.closers.pop()
        self.expect(closer)
        return args

    def call(self, offset: int, function: str, target: syntax.Node | None, args: list[syntax.Node]) -> syntax.Node:
        """A call, or what a macro makes of it."""
        macro = self.macros.get((function, len(args), target is not None))
        if macro is not None:
            try:
                expanded = macro(offset, target, args)
            except MacroError as error:
                return self.report(error.offset, str(error))
            if expanded is not None:
                return expanded
        return syntax.Call(offset, function, target, args)

    def primary(self) -> syntax.Node:
        self.sync(_STARTS)
        token = self.next()
        make: Callable[[Token], syntax.Node]
        match token.kind:
            case "(":
                self.closers.append(frozenset({")"}))
                node = self.expression()
                self.closers.pop()
                self.expect(")")
                return node
            case "[":
                return self.list_literal(token)
            case "{":
                return self.map_literal(token)
            case "-" if self.peek().kind in {"NUM_INT", "NUM_FLOAT"}:
                return self.number(self.next(), token)
            case "-" | "!":
                self.stop(self.peek(), self.no_alternative(token, self.peek()))
            case "." | "IDENTIFIER":
                return self.name(token)
            case "NUM_INT" | "NUM_UINT" | "NUM_FLOAT":
                return self.number(token, None)
            case "STRING" | "BYTES":
                make = self.string
            case _:
                make = _constant
        return make(token)

    def name(self, token: Token) -> syntax.Node:
        """A name, a call of a global function, or an object literal."""
        start = token.offset
        leading = ""
        if token.kind == ".":
            leading = "."
            token = self.peek()
            if token.kind != "IDENTIFIER":
                self.stop(token, self.no_alternative(self.tokens[self.at - 1], token))
            self.at += 1
        paren = self.peek()
        if paren.kind in {".", "{"} and (found := self.object_name(token, leading)) is not None:
            return found
        if token.text in RESERVED:
            return self.report(start, f"reserved identifier: {token.text}")
        if paren.kind == "(":
            self.at += 1
            return self.call(paren.offset, leading + token.text, None, self.arguments(")"))
        return syntax.Ident(token.offset, leading + token.text)

    def object_name(self, first: Token, leading: str) -> syntax.Node | None:
        """`a.b.C{…}`: looked for ahead, as it begins like a selection."""
        at = self.at
        parts = [first.text]
        while self.tokens[at].kind == "." and self.tokens[at + 1].kind == "IDENTIFIER":
            parts.append(self.tokens[at + 1].text)
            at += 2
        if self.tokens[at].kind != "{":
            return None
        brace = self.tokens[at]
        self.at = at + 1
        self.sync(_FIELD_NAMES | {"}", ",", "?"})
        entries = self.entries(is_object=True)
        return syntax.ObjectLiteral(brace.offset, leading + ".".join(parts), entries)

    def list_literal(self, bracket: Token) -> syntax.Node:
        elements: list[syntax.Node] = []
        optionals: set[int] = set()
        self.sync(_STARTS | {"]", ",", "?"})
        self.closers.append(frozenset({"]", ","}))
        if not self.accept(","):
            while self.peek().kind in _ELEMENT_STARTS:
                if self.accept("?"):
                    optionals.add(len(elements))
                elements.append(self.expression())
                self.sync(frozenset({"]", ","}))
                if not self.accept(","):
                    break
        self.closers.pop()
        self.expect("]")
        return syntax.ListLiteral(bracket.offset, elements, frozenset(optionals))

    def map_literal(self, brace: Token) -> syntax.Node:
        self.sync(_STARTS | {"}", ",", "?"})
        return syntax.MapLiteral(brace.offset, self.entries(is_object=False))

    def entries(self, *, is_object: bool) -> list[syntax.Entry]:
        """`key: value` up to the closing brace."""
        found: list[syntax.Entry] = []
        starts = frozenset({"?", "IDENTIFIER", "ESC_IDENTIFIER"}) if is_object else _ELEMENT_STARTS
        if not self.accept(","):
            while self.peek().kind in starts:
                found.append(self.entry(is_object=is_object))
                self.sync(frozenset({"}", ","}))
                if not self.accept(","):
                    break
        self.expect("}")
        return found

    def entry(self, *, is_object: bool) -> syntax.Entry:
        optional = self.accept("?") is not None
        self.closers.append(frozenset({":"}))
        key = self.field_name().text.strip("`") if is_object else self.expression()
        self.closers.pop()
        colon = self.expect(":")
        self.closers.append(frozenset({"}", ","}))
        value = self.expression()
        self.closers.pop()
        return syntax.Entry(colon.offset, key, value, optional)

    def field_name(self) -> Token:
        """A name, or one in backticks; a token before it that is neither is skipped."""
        token = self.peek()
        if token.kind not in _FIELD_NAMES:
            wanted = "{IDENTIFIER, ESC_IDENTIFIER}"
            if self.at + 1 >= len(self.tokens) or self.tokens[self.at + 1].kind not in _FIELD_NAMES:
                self.stop(token, f"mismatched input '{token.text}' expecting {wanted}")
            self.report(token.offset, f"Syntax error: extraneous input '{token.text}' expecting {wanted}")
            self.at += 1
        return self.next()

    # -- literals

    def number(self, token: Token, sign: Token | None) -> syntax.Node:
        offset = sign.offset if sign is not None else token.offset
        text = ("-" if sign is not None else "") + token.text
        if token.kind == "NUM_FLOAT":
            value = float(text)
            return (
                syntax.Literal(offset, value) if math.isfinite(value) else self.report(offset, "invalid double literal")
            )
        whole = int(text.rstrip("uU"), 16 if "0x" in text else 10)
        if token.kind == "NUM_UINT":
            return (
                syntax.Literal(offset, Uint(whole))
                if whole <= UINT_MAX
                else self.report(offset, "invalid uint literal")
            )
        return (
            syntax.Literal(offset, whole) if INT_MIN <= whole <= INT_MAX else self.report(offset, "invalid int literal")
        )

    def string(self, token: Token) -> syntax.Node:
        is_bytes = token.kind == "BYTES"
        try:
            return syntax.Literal(token.offset, unquote(token.text[1:] if is_bytes else token.text, is_bytes=is_bytes))
        except ValueError as error:
            return self.report(token.offset, str(error))


def _constant(token: Token) -> syntax.Node:
    return syntax.Literal(token.offset, {"true": True, "false": False, "null": None}[token.kind])


def _names(kinds: frozenset[str]) -> str:
    """As the generated parser lists what it would have taken."""
    if kinds == {EOF}:
        return EOF
    ordered = [kind if kind.isupper() else f"'{kind}'" for kind in _ORDER if kind in kinds]
    return ordered[0] if len(ordered) == 1 else "{" + ", ".join(ordered) + "}"
