"""The Python files of the packages, parsed once."""

import ast
import tokenize
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("optimiser", "server", "matrix_builders")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_NAME_FIELDS = {ast.ClassDef: "name", **dict.fromkeys(FUNCTIONS, "name"), ast.arg: "arg"}
_NAME_FIELDS |= {ast.alias: "asname", ast.Name: "id", ast.Attribute: "attr"}


@dataclass(frozen=True)
class Module:
    name: str  # path from the root, as messages show it
    tree: ast.Module

    def place(self, line, name):
        return f"{self.name}:{line}:{name}"

    def imports(self):
        """Line and dotted name of every import, also of those inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.module or ""

    def names(self):
        """Line and name of the file and of all that is given a name in it, each once."""
        lines = {self.name: 1}
        for node in ast.walk(self.tree):
            name = getattr(node, _NAME_FIELDS.get(type(node), ""), None)
            if name and not isinstance(getattr(node, "ctx", None), ast.Load):
                lines.setdefault(name, node.lineno)
        return [(line, name) for name, line in lines.items()]

    def prose(self):
        """Number and text of every line of a docstring, and of every comment."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str() as text)):
                    yield from enumerate(text.split("\n"), node.lineno)
        with (ROOT / self.name).open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    yield token.start[0], token.string


@cache
def modules(*packages):
    """All modules of some packages."""
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [Module(p.relative_to(ROOT).as_posix(), ast.parse(p.read_bytes())) for p in paths]


def functions(*packages):
    """Place and node of all functions and methods of some packages, nested ones included."""
    return [
        (module.place(node.lineno, node.name), node)
        for module in modules(*packages)
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTIONS)
    ]


def parameters(function):
    """All parameters but self and cls."""
    args = function.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg for arg in named if arg and arg.arg not in {"self", "cls"}]


def body_lines(function):
    """Lines from the first statement after the docstring to the last."""
    body = function.body[ast.get_docstring(function) is not None :]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def require_few(offenders, at_most=0):
    """Fail with one line for each of them where they are more."""
    offenders = list(offenders)
    if len(offenders) > at_most:
        pytest.fail("\n".join([f"{len(offenders)}, at most {at_most}:", *offenders]), pytrace=False)
