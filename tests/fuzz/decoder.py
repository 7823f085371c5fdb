"""Coverage-guided bytes for the decoder: ``python -m tests.fuzz.decoder``, for `FUZZ_SECONDS`.

libFuzzer keeps what reaches new branches of `server.wire` and `server.reading`, from `seeds` on.
Needs atheris, of the extra `fuzz`.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.decoder", description=__doc__)
    parser.parse_args()
    import atheris  # noqa: PLC0415 - no wheels for every processor

    from tests.fuzz import instrumented, seeds  # noqa: PLC0415 - in this order

    seconds = int(float(os.environ.get("FUZZ_SECONDS", "100")))
    with tempfile.TemporaryDirectory() as folder:
        for number, body in enumerate(seeds.bodies()):
            (Path(folder) / f"seed-{number}").write_bytes(body)
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024"]
        crash = f"-artifact_prefix={tempfile.gettempdir()}/fuzz-"
        options = [sys.argv[0], *limits, "-max_len=8192", crash, folder]
        atheris.Setup(options, instrumented.read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
