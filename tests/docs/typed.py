"""Runs a guide's Python as if it were typed."""

from __future__ import annotations

import ast
import json
from typing import Any

from tests.docs.blocks import arrows

#: Begins each line of ours among what the block itself prints.
MARK = "\x02"


def run(source: str) -> None:
    """Run it; a marked line [line number, value] for each expression with an arrow below."""
    shown, names = arrows(source), dict[str, Any]()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Expr) and statement.end_lineno in shown:
            answer = [statement.end_lineno, _value(statement.value, names)]
            print(f"{MARK}{json.dumps(answer)}", flush=True)
        else:
            exec(compile(ast.Module([statement], []), "guide", "exec"), names)  # noqa: S102


def _value(expression: ast.expr, names: dict[str, Any]) -> str:
    code = compile(ast.Expression(expression), "guide", "eval")
    try:
        return repr(eval(code, names))  # noqa: S307
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
