"""Folders, functions and parameter lists stay small, and no layer hands a callable down."""

import ast
import re
from collections import Counter
from pathlib import PurePath

import pytest

from tests.house import source
from tests.house.source import PACKAGES, functions, modules, require_few

MOST_MODULES = 10  # of a folder, beside __init__.py
MOST_PARAMETERS = 8
MOST_KERNELS = 60

BODY_LENGTHS = {8: 1 / 2, 25: 1 / 10, 60: 0}
"""Share of the functions that may be longer: median, ninetieth percentile and maximum."""

CONCURRENCY = {"threading", "_thread", "queue", "concurrent", "multiprocessing", "asyncio"}

CLOCK_READERS = ("optimiser/solvers/", "optimiser/exact/")
"""Solvers and branch and bound keep a deadline."""

CALLABLE_TAKERS = ("optimiser/exact/",)  # its list of steps may hold functions


def kernels(*packages):
    return [
        place
        for place, node in functions(*packages)
        if any(re.match(r"(\w+\.)*kernel\(", ast.unparse(how)) for how in node.decorator_list)
    ]


def imports(names, allowed=()):
    for module in modules("optimiser"):
        for line, name in module.imports():
            if name.split(".")[0] in names and not module.name.startswith(allowed):
                yield module.place(line, name)


def callable_types():
    """`Callable`, and the names that modules of the optimiser give to kinds of it."""
    statements = [ast.unparse(node) for module in modules("optimiser") for node in module.tree.body]
    aliases = [re.match(r"(\w+)(: TypeAlias)? = Callable\[", line) for line in statements]
    return {"Callable", *(alias[1] for alias in aliases if alias)}


def test_a_folder_holds_at_most_ten_modules():
    paths = [PurePath(module.name) for module in modules(*PACKAGES)]
    counts = Counter(str(path.parent) for path in paths if path.name != "__init__.py")

    require_few(f"{name}: {n} modules" for name, n in counts.items() if n > MOST_MODULES)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("longest", BODY_LENGTHS)
def test_functions_are_short(package, longest):
    lengths = [(source.body_lines(node), place) for place, node in functions(package)]
    long = sorted((case for case in lengths if case[0] > longest), reverse=True)
    at_most = int(BODY_LENGTHS[longest] * len(lengths))

    require_few((f"{place}: {lines} lines" for lines, place in long), at_most)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_function_has_at_most_eight_parameters(package):
    counts = [(place, len(source.parameters(node))) for place, node in functions(package)]

    require_few(f"{place}: {n} parameters" for place, n in counts if n > MOST_PARAMETERS)


def test_there_are_at_most_sixty_kernels():
    require_few(kernels(*PACKAGES), MOST_KERNELS)


def test_the_server_has_no_kernels():
    require_few(kernels("server"))


def test_the_optimiser_works_in_one_thread():
    require_few(imports(CONCURRENCY))


def test_only_what_keeps_a_deadline_or_times_a_phase_reads_the_clock():
    require_few(imports({"time"}, CLOCK_READERS))


def test_parameters_and_fields_of_the_optimiser_hold_no_callables():
    types = callable_types()
    annotated = [
        (module.place(node.lineno, ast.unparse(node).split(":")[0]), ast.unparse(node.annotation))
        for module in modules("optimiser")
        if not module.name.startswith(CALLABLE_TAKERS)
        for node in ast.walk(module.tree)
        if getattr(node, "annotation", None)
    ]

    require_few(f"{p}: {kind}" for p, kind in annotated if types & set(re.findall(r"\w+", kind)))
