"""The clean request that the server's own reading of a request amounts to."""


def clean_request_of(problem):
    """Back to the units of the wire: what `problem_from_request` understood, for the checker."""
    site = problem.site
    (battery,) = site.batteries
    hours = site.horizon.hours
    return {
        "prices_import": site.tariff.import_price.tolist(),
        "prices_export": site.tariff.export_price.tolist(),
        "solar_forecast": (site.forecast.solar / hours * 1000).tolist(),
        "load_forecast": (site.forecast.load / hours * 1000).tolist(),
        "interval_minutes": (hours * 60).tolist(),
        "battery": {
            "capacity_wh": battery.capacity * 1000,
            "current_soc": battery.initial_soc,
            "max_charge_w": battery.charge_limit * 1000,
            "max_discharge_w": battery.discharge_limit * 1000,
            "charge_efficiency": battery.charge_efficiency,
            "discharge_efficiency": battery.discharge_efficiency,
            "backup_reserve": battery.reserve,
            "max_soc": battery.max_soc,
            "can_charge_from_grid": battery.may_charge_from_grid,
            "can_export_to_grid": battery.may_export,
        },
        "grid": {
            "max_import_w": site.grid.import_limit * 1000,
            "max_export_w": site.grid.export_limit * 1000,
            "curtailment": site.grid.curtailment,
        },
        "cost_function": problem.cost_function.value,
        "options": {
            "client_safe_charge": problem.client_safe_charge,
            "price_margin": problem.rules.price_margin,
        },
    }
