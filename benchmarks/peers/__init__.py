"""The same problem as others solve it: a file for each, ``solve(case)`` gives the least bill."""
