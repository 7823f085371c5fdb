"""Schemathesis with our own OpenAPI document: ``python -m tests.fuzz.api``, for `FUZZ_SECONDS`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.server.processes import running_server
from tests.stress.siege import complaints

# Our reader is lenient: what the document forbids may get a plan with a warning, and what it allows
# may have no sane reading (a list of prices without a price).
WITHOUT = "negative_data_rejection,positive_data_acceptance"


def check(folder, *, examples, seed=None, phases="examples,coverage,fuzzing"):
    """What schemathesis said, its exit status, and what the server's log complains of."""
    with running_server(folder) as server:
        command = [
            Path(sys.executable).parent / "schemathesis", "run", f"{server.url}/openapi.json",
            f"--max-examples={examples}", f"--exclude-checks={WITHOUT}", "--checks=all",
            "--request-timeout=30", f"--phases={phases}", "--mode=all", "--no-color",
            "--continue-on-failure",
        ]  # fmt: skip
        command += (
            ["--generation-deterministic"]
            if seed is None
            else [f"--seed={seed}", "--generation-database=none"]
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        return done.stdout + done.stderr, done.returncode, complaints(server.log)


def main():
    argparse.ArgumentParser(prog="python -m tests.fuzz.api", description=__doc__).parse_args()
    seconds = float(os.environ.get("FUZZ_SECONDS", "100"))
    with tempfile.TemporaryDirectory() as folder:
        said, code, complained = check(Path(folder), examples=int(10 * seconds), seed=os.getpid())
    print(said, *complained, sep="\n")
    return bool(code or complained)


if __name__ == "__main__":
    sys.exit(main())
