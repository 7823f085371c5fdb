"""Readers of requests whose branches atheris counts; it must come before they are imported."""

import atheris

with atheris.instrument_imports(include=["server.wire", "server.reading"]):
    from server.reading.site import problem_from_request
    from server.wire.json_body import decode
    from server.wire.repairs import Repairs

from optimiser import ProblemError
from server.options import Options
from server.wire.requests import EvRequest, MultiBatteryRequest, OptimizeRequest
from tests.end_to_end import NOW, SYDNEY

OPTIONS = Options(zone=SYDNEY)
KINDS = (OptimizeRequest, MultiBatteryRequest, EvRequest)


def read(body):
    """Read bytes as a request of every endpoint; only `ProblemError` may stop it."""
    for kind in KINDS:
        repairs = Repairs()
        try:
            problem_from_request(decode(body, kind, repairs), OPTIONS, NOW, repairs)
        except ProblemError:
            continue
