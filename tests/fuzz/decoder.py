"""Coverage-guided bytes for the decoder: ``python -m tests.fuzz.decoder``, for `FUZZ_SECONDS`.

libFuzzer keeps what reaches new branches of `server.wire` and `server.reading`, from `seeds` on.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["server.wire", "server.reading"]):
    from server.reading.site import problem_from_request
    from server.wire.json_body import decode
    from server.wire.repairs import Repairs

from optimiser import ProblemError
from server.options import Options
from server.wire.requests import EvRequest, MultiBatteryRequest, OptimizeRequest
from tests.end_to_end import NOW, SYDNEY
from tests.fuzz import seeds

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


def main():
    seconds = int(float(os.environ.get("FUZZ_SECONDS", "100")))
    with tempfile.TemporaryDirectory() as folder:
        for number, body in enumerate(seeds.bodies()):
            (Path(folder) / f"seed-{number}").write_bytes(body)
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024"]
        crash = f"-artifact_prefix={tempfile.gettempdir()}/fuzz-"
        atheris.Setup([sys.argv[0], *limits, "-max_len=8192", crash, folder], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
