"""A request goes through few functions, in few modules, and not deep: a stranger can follow it.

``python -m tests.house.calls`` shows the tree.
"""

import inspect

import pytest

import optimiser
from matrix_builders.compiled import MODE
from tests.house.calls import calls_by_module, calls_of_an_answer

MOST_CALLS = 483  # 119 of them are for the sentences of twelve next actions
MOST_MODULES = 59
DEEPEST = 12


@pytest.mark.skipif(MODE != "jit", reason="only a jitted kernel counts as one call")
def test_a_request_takes_few_calls_in_few_modules_and_not_deep():
    calls = calls_of_an_answer()
    by_module = calls_by_module(calls)
    deepest = max(calls, key=len)

    assert calls.total() <= MOST_CALLS, by_module.most_common()
    assert len(by_module) <= MOST_MODULES, sorted(by_module)
    assert len(deepest) <= DEEPEST, "\n".join(deepest)


def test_a_plan_takes_no_callables():
    parameters = inspect.signature(optimiser.plan, eval_str=True).parameters.values()

    assert [str(taken) for taken in parameters if "Callable" in str(taken)] == []
