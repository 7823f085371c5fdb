"""Errors of a home that cannot be planned."""


class InputError(Exception):
    """Lack of something that no plan can be made without.

    Parameters
    ----------
    field : str
        Its path in the settings.
    text : str
        What is the matter, as a sentence for the owner.
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text
