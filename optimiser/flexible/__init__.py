"""Times for flexible consumption: one programme of all that the site has, with binaries of runs.

A flexible load is a vehicle of the programme that takes the energy of its run, a store of heat one
whose levels rise with what was drawn.  `schedule` fixes what they take; the site is then planned
with that as a part of its load, and the bound of the programme proves the whole.
"""
