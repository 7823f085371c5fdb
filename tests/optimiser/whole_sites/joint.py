"""Planning one storage after the other, and what the two plans then do together."""

from dataclasses import replace

import numpy as np

from optimiser import Forecast, plan
from optimiser.model.dispatch import Dispatch


def planned_in_turn(site, cost_function):
    """Plan the batteries alone, then the vehicles beside what the batteries do.

    The dispatch may break a limit of the site: neither plan knew of the other.
    """
    alone = plan(replace(site, vehicles=()), cost_function).dispatch
    beside = Forecast(
        load=site.forecast.load + alone.charge.sum(axis=0),
        solar=site.forecast.solar + alone.discharge.sum(axis=0),
    )
    rest = replace(site, batteries=(), inverter=None, forecast=beside)
    then = plan(rest, cost_function).dispatch
    return Dispatch(
        charge=np.vstack([alone.charge, then.charge]),
        discharge=np.vstack([alone.discharge, then.discharge]),
        stored=np.vstack([alone.stored, then.stored]),
        grid_import=then.grid_import,
        grid_export=then.grid_export,
        curtailed=then.curtailed,
    )
