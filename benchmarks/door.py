"""How quickly a source is taken in, beside a plain copy of the same files; and how quickly its store is opened.

    python benchmarks/door.py [rows of orders.csv, default 1000000]

Both run in turn, each time in a fresh process with DuckDB's defaults, on files that the system has just read:

- copy: `COPY (SELECT * FROM read_csv(file)) TO out (FORMAT parquet)` for each file; nothing is checked.
- door: `sources.prepare` into an empty folder: every check, rows left out, teams, the store written, door.json.
  Only the hashing of the files is timed apart: it is done once a file, whatever is made of it.
"""

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from company import AT_THE_DOOR, PERIOD, deliver

from crmlib import sources
from crmlib.crm import open_crm

PAIRS = 5


def copy(folder: Path, out: Path) -> dict[str, float]:
    """The seconds of a plain copy."""
    begun, worked = time.perf_counter(), time.process_time()
    with duckdb.connect() as con:
        for file in sorted(folder.glob("*.csv")):
            con.execute(f"copy (select * from read_csv('{file}')) to '{out / file.stem}.parquet' (format parquet)")
    return {"seconds": time.perf_counter() - begun, "work": time.process_time() - worked, "memory": _peak()}


def door(folder: Path, out: Path) -> dict[str, float]:
    """The seconds of the door, and of hashing the files before it."""
    os.environ["CRM_OUT"] = str(out)
    begun = time.perf_counter()
    sources.open_source(str(folder)).hashes  # noqa: B018
    hashed, worked = time.perf_counter(), time.process_time()
    prepared = sources.prepare(str(folder))
    seconds, work = time.perf_counter() - hashed, time.process_time() - worked
    left_out = sum(sum(t["left_out"].values()) for t in prepared.tables.values())
    return {"seconds": seconds, "work": work, "hashing": hashed - begun, "memory": _peak(), "left out": left_out}


def opening(folder: Path, out: Path) -> dict[str, float]:
    """The seconds until the store is open in a notebook, and then of a first small query."""
    os.environ["CRM_OUT"] = str(out)
    begun = time.perf_counter()
    crm = open_crm(str(folder), PERIOD)
    opened = time.perf_counter()
    crm.rows("orders")
    return {"open": opened - begun, "query": time.perf_counter() - opened}


def _peak() -> float:
    """The most memory this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def fresh(what: str, folder: Path, out: Path) -> dict[str, float]:
    """One measurement in a process of its own, which writes into an empty folder (`opening`: into the store's)."""
    if what != "opening":
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
    said = subprocess.run([sys.executable, __file__, what, folder, out], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def spread(values: list[float], form: str = ",.2f") -> str:
    return f"{statistics.median(values):{form}} [{min(values):{form}} to {max(values):{form}}]"


def report(rows: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, copied, prepared = (Path(place) / name for name in ("delivered", "copied", "prepared"))
        deliver(folder, rows, tables=AT_THE_DOOR)
        total = rows + rows // 50 + 200
        pairs = [(fresh("copy", folder, copied), fresh("door", folder, prepared)) for _ in range(PAIRS + 1)][1:]
        opened = [fresh("opening", folder, prepared) for _ in range(PAIRS)]
        size = sum(f.stat().st_size for f in folder.iterdir()) / 1e6
    print(f"{total:,} rows in 3 CSV files of {size:,.0f} MB; {pairs[0][1]['left out']:,.0f} rows left out at the door")
    print(f"{_machine()}\nmedian [least to most] of {PAIRS} pairs, after one to warm up\n")
    for name, runs in zip(("copy", "door"), zip(*pairs, strict=True), strict=True):
        print(f"{name}: {spread([total / r['seconds'] for r in runs], ',.0f')} rows/s, {spread([r['seconds'] for r in runs])} s, "
              f"{spread([r['work'] for r in runs])} s of processor time, "
              f"at most {max(r['memory'] for r in runs):.2f} GB of memory")  # fmt: skip
    print(f"door / copy, rows/s: {spread([c['seconds'] / d['seconds'] for c, d in pairs])}; "
          f"by processor time: {spread([c['work'] / d['work'] for c, d in pairs])}")  # fmt: skip
    print(f"hashing the files, once and apart: {spread([d['hashing'] for _, d in pairs])} s")
    print(f"open_crm: {spread([o['open'] * 1000 for o in opened], '.0f')} ms; "
          f"the first small query: {spread([o['query'] * 1000 for o in opened], '.0f')} ms")  # fmt: skip


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0]
    return (f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, load {busy:.1f} at the end; {platform.system()}, "
            f"Python {platform.python_version()}, DuckDB {duckdb.__version__}")  # fmt: skip


if __name__ == "__main__":
    asked = sys.argv[1:] or ["1000000"]
    if asked[0].isdigit():
        report(int(asked[0]))
    else:
        measure = {"copy": copy, "door": door, "opening": opening}[asked[0]]
        print(json.dumps(measure(Path(asked[1]), Path(asked[2]))))
