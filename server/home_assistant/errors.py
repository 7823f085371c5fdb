"""Failures of the link: each is normal life, and none holds the token."""


class LinkError(Exception):
    """Home Assistant gave no usable answer."""


class LinkDown(LinkError):
    """Home Assistant is not connected, or the connection was lost before the answer."""


class Late(LinkError):
    """Home Assistant did not answer in time."""


class TooLarge(LinkError):
    """The answer is larger than the caller accepts."""


class Unreadable(LinkError):
    """The answer is not what Home Assistant documents."""


class Refused(LinkError):
    """Home Assistant answered with an error.

    Attributes
    ----------
    code : str
        Home Assistant's word, as ``not_found``, or the HTTP status.
    message : str
        Home Assistant's sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
