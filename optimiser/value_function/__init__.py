r"""The exact optimum of a single storage, by dynamic programming.

With ``s`` the stored energy, ``h_t(u)`` the least cost of interval ``t`` when the storage gives
``u`` (negative where it takes), ``phi_t`` the penalty on missed soft levels and ``V_T`` minus the
terminal value, the value function obeys Bellman's equation

    W_t(s) = phi_t(s) + V_{t+1}(s)        V_t(s) = min over u of  h_t(u) + W_t(s - u).

The minimum is an infimal convolution.  All functions are continuous and piecewise linear, so it is
computed exactly, without a grid of states: two convex pieces are merged by slope (as in a
Minkowski sum of their epigraphs), others by the lower envelope of the merges of their convex runs.
``V_0`` at the present level is the optimal cost; the minimiser of each interval, forwards, is the
plan; ``-dW_t/ds`` is the marginal value of stored energy, the dual of the dynamics row of the
linear programme.  Where every ``h_t`` is convex, the linear programme has the same optimum.

Example.  Two intervals of an hour, import prices 0.1 and 0.5 $/kWh, nothing to sell, a load of
1 kWh each, a battery that starts empty and loses nothing.  ``V_2 = 0``; in the last interval
``V_1(s) = 0.5 (1 - s)`` for ``s <= 1``: a stored kWh is worth 0.5 up to the first, and nothing
after it.  In the first, energy costs 0.1, so the battery takes 1 kWh: ``V_0(0) = 0.2``.

References
----------
R. Bellman, Dynamic Programming, Princeton 1957.
R. T. Rockafellar, Convex Analysis, Princeton 1970, section 5 (infimal convolution).
"""
