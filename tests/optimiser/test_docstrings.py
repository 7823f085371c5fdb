"""The example in the package's docstring."""

import doctest

import optimiser


def test_the_example_of_the_package_runs_as_it_is_printed():
    outcome = doctest.testmod(optimiser)

    assert outcome.attempted > 0
    assert outcome.failed == 0
