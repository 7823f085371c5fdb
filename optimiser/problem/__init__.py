"""The problem as the caller states it: frozen, checked dataclasses in kW, kWh and $/kWh."""
