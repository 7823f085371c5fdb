"""Errors of settings."""


class SettingsError(ValueError):
    """A setting that breaks a rule.

    Parameters
    ----------
    field : str
        Its path, as batteries[0].capacity_kwh.
    rule : str
        The rule and what was got, in words for the owner.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule
