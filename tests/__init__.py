"""Tests of PowerSync Optimiser.

``matrix_builders/``, ``optimiser/`` and ``server/`` mirror the packages; ``optimiser/whole_sites``
is about plans as a whole.  Beside them: ``end_to_end/`` (HTTP), ``reference/`` (the black-box
checker of replies, and its own tests), ``golden/``, ``page/``, ``addon/``, ``faults/``,
``benchmarks/``.  What all share:

* ``builders`` for sites by hand, ``strategies`` for drawn ones, ``programmes`` for seeded arrays
* ``oracle/``, the mixed-integer programme that says what the optimum is
* ``account``, plain arithmetic about a `Plan`'s dispatch: its bill, and the limits that it breaks
* ``changes`` and the ``*.jsonl`` beside the tests, for contracts stated as data
* ``tolerances``, each with its reason

``make test`` takes a slice of everything and no test looks at a clock; the long runs are ``make
prove`` (thousands of sites), ``make fuzz``, ``make load`` (every attack, 200 clients) and ``make
soak``.  Numba's cache is filled before the first test, and the wheel is built beside them.
"""
