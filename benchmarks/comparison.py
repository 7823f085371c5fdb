"""Ours and others on the same problem, in turns, once all agree on the optimum."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from benchmarks import problems
from benchmarks.packages import CHECKOUT, home
from benchmarks.peers.case import Case
from benchmarks.serving import Client, Server
from benchmarks.timing import exponent, seconds_of, spread_of
from benchmarks.wheel import shipped
from matrix_builders import MODE

PEERS = ("linprog", "cvxpy_vectorised", "pulp_cbc", "cvxpy_per_interval")
OURS = "/optimize"

AGREED = 1e-6
"""Most by which optima may differ. [-]"""

_ENOUGH = 4.0  # s of one peer at one size, after which it has had its turns
_TURNS = 10
_TURN = 0.1  # s; a quick one runs more often than once, as others have cooled its caches
_PATIENCE = 100.0  # s that a further turn may be expected to take

Work = Callable[[], Any]


def comparison(
    sizes: Iterable[int], *, patience: float = _PATIENCE, as_shipped: bool = True
) -> dict[str, Any]:
    """Times [ms] of all peers that are present, what is skipped, and why."""
    peers, skipped = _present()
    rows: list[dict[str, Any]] = []
    kernels, folder, lacking = shipped() if as_shipped else (MODE, home(), {})
    with Server(folder) as url, closing(Client(url)) as client:
        for n in sizes:
            rows.append(_row(n, client, peers, patience, rows[-1] if rows else None))
    names = [OURS, *(peer.LABEL for peer in peers.values()), *_EMHASS_ROWS]
    grows = {
        name: round(exponent(times), 2)
        for name in names
        if len(times := {row["T"]: row["ms"][name] for row in rows if name in row["ms"]}) > 2
    }
    skipped |= lacking
    skipped |= {f"EMHASS at T = {row['T']}": row["emhass"] for row in rows if row.get("emhass")}
    return {"kernels": kernels, "rows": rows, "exponents": grows, "skipped": skipped}


def _present() -> tuple[dict[str, Any], dict[str, str]]:
    found, skipped = {}, {}
    for name in PEERS:
        try:
            found[name] = importlib.import_module(f"benchmarks.peers.{name}")
        except ImportError as error:
            skipped[name] = f"not installed: {error.name}"
    return found, skipped


def _row(
    n: int, client: Client, peers: dict[str, Any], patience: float, before: dict[str, Any] | None
) -> dict[str, Any]:
    """Times of one size; a peer that took too long on the size before is left out."""
    case, body = problems.case(n), json.dumps(problems.request(problems.CONVEX, n)).encode()
    works: dict[str, Work] = {OURS: lambda: client.post(body)}
    for peer in peers.values():
        took = 0.0 if before is None else before["ms"].get(peer.LABEL, float("inf")) / 1000.0
        if before is None or took * (n / before["T"]) ** 1.3 <= patience:
            works[peer.LABEL] = lambda peer=peer: peer.solve(case)
    optimum = float(json.loads(client.post(body))["certificate"]["optimum"])
    for name, work in works.items():
        cost = optimum if name == OURS else work()
        off = abs(cost - optimum) / max(1.0, abs(optimum))
        assert off <= AGREED, f"{name} finds {cost}, we {optimum}, at T = {n}"
    row = {"T": n, "optimum": optimum, "ms": {}, "p95": {}}
    for name, times in _in_turns(works).items():
        measured = spread_of(times)
        row["ms"][name], row["p95"][name] = round(measured.p50, 3), round(measured.p95, 3)
    return _with_emhass(row, case)


def _in_turns(works: dict[str, Work]) -> dict[str, list[float]]:
    """Times of each work; whatever else the machine does hits all of them alike. [s]"""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_TURNS):
        for name, work in works.items():
            spent = 0.0
            while sum(times[name]) < _ENOUGH and spent < _TURN:
                times[name].append(seconds_of(work))
                spent += times[name][-1]
    return times


_EMHASS_ROWS = ("EMHASS, afresh", "EMHASS, again")


def _with_emhass(row: dict[str, Any], case: Case) -> dict[str, Any]:
    """The row with EMHASS' times, or why there are none."""
    python = os.environ.get("EMHASS_PYTHON") or sys.executable
    if python == sys.executable and importlib.util.find_spec("emhass") is None:
        return {**row, "emhass": "not installed; EMHASS_PYTHON may name an environment with it"}
    try:
        finished = subprocess.run(
            [python, "-m", "benchmarks.peers.emhass"],
            input=case.as_json(),
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=200,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        return {**row, "emhass": f"failed: {type(error).__name__}"}
    found = json.loads(finished.stdout.splitlines()[-1])
    off = max(abs(c - row["optimum"]) / max(1.0, abs(row["optimum"])) for c in found["costs"])
    row["emhass_versions"] = found["versions"]
    if off > AGREED:
        return {**row, "emhass": f"its optimum is off by {off:.1e}: within 60 s it found no better"}
    for name, seconds in zip(_EMHASS_ROWS, found["seconds"], strict=True):
        row["ms"][name] = round(1000.0 * seconds, 1)
    return row
