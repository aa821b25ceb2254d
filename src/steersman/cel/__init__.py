"""CEL, the Common Expression Language: what policies, custom resources and device selectors ask in.

Belongs here: lexer, parser, type checker, compilation to closures, cost accounting, the standard functions and the
libraries that Kubernetes adds (`libraries/`, one file each, listed in `libraries/catalog.py`). Does not belong here:
what an expression is asked about (admission, schemas, devices), and the budgets that are shared by several
expressions. Invariants: pure, no I/O, no clock; imports `lib` only; an expression that compiles can neither run for
ever nor see anything beyond the values it was given; values are plain JSON values, which are read and never changed or
converted as a whole; every message that a user sees has cel-go's wording.

The way of an expression: `lexer` > `parser` (macros expanded by `macros`) > `checker` (with `types`, `unify`) and
`validators` > `compiler` (closures over `operators`, `access`, `loops` and the libraries' functions) > `program`,
whose `Environment` is what callers hold. Beside it: `cost` counts while an expression runs, `estimate` says what it may
cost at worst, and `schemas` makes types of what a structural schema describes.
"""
