"""Declaring kernels."""

import pytest

from matrix_builders import compiled


@pytest.fixture
def declare(monkeypatch):
    """Declare a kernel called `double` in a module of some name, apart from the real ones."""
    monkeypatch.setattr(compiled, "KERNELS", {})
    monkeypatch.setattr(compiled, "MODE", "python")

    def declare_in(module):
        def double(x):
            return 2.0 * x

        double.__module__ = module
        return compiled.kernel("f8(f8)")(double)

    return declare_in


def test_a_second_kernel_of_a_name_is_refused_and_both_are_named(declare):
    first = declare("here")

    with pytest.raises(ValueError, match=r"double: .* unique, got here\..*double and there\."):
        declare("there")

    assert compiled.KERNELS["double"] == ("f8(f8)", first)


def test_a_module_that_is_loaded_again_declares_its_kernels_again(declare):
    declare("here")

    again = declare("here")

    assert compiled.KERNELS["double"] == ("f8(f8)", again)
