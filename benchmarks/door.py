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

from crmlib import sources
from crmlib.crm import open_crm

PAIRS, LAST_DAY = 5, "2026-10-31"

# `h(n)`: a number from 0 to n - 1 that follows from the row and the column alone, so that every run makes the same files
DELIVERY = {
    "reps": """select 'R' || i as rep_id, 'Person ' || i as name, ['north', 'south', 'east', 'west', '华东'][i % 5 + 1] as team,
        '2019-01-01' as active_from, if(i % 10 = 0, '2025-06-30', null) as active_to from range({reps}) r(i)""",
    "customers": """select 'C' || i as customer_id, strftime(timestamp '2019-01-01' + interval (h(220000000, 1, i)) second, '%Y-%m-%d %H:%M:%S') as created_at,
        ['李伟', 'Sarah Adams', 'O''Neill, Pat', 'None', '王"小"明'][h(5, 2, i) + 1] as name, 'Company ' || h(9000, 3, i) || ', Ltd' as company,
        '1' || (3000000000 + h(999999999, 4, i)) as phone, ['retail', 'energy', '制造', null][h(4, 5, i) + 1] as industry,
        'R' || h({reps}, 6, i) as rep_id, null as team, if(h(3, 7, i) = 0, 'yes', 'false') as no_contact from range({customers}) r(i)""",
    "orders": """select if(h(1000, 10, i) = 0, 'O' || (i // 2), 'O' || i) as order_id,
        case when h(500, 11, i) = 0 then 'nobody' when h(20, 12, i) = 0 then null else 'C' || h({customers}, 13, i) end as customer_id,
        case when h(2000, 14, i) = 0 then '2026-02-30' when h(2000, 15, i) = 0 then null
             else strftime(timestamp '2019-01-01' + interval (h(247000000, 16, i)) second, '%Y-%m-%d %H:%M:%S') end as ordered_at,
        if(h(1000, 17, i) = 0, '12,50 EUR', ((h(2000000, 18, i) - 50000) / 100)::varchar) as amount, 'CNY' as currency,
        if(h(4, 19, i) = 0, null, 'R' || h({reps}, 20, i)) as rep_id, if(h(3, 21, i) = 0, null, (h(900000, 22, i) / 100)::varchar) as cost,
        if(h(50, 27, i) = 0, ' web ', ['shop', 'web', 'phone', '门店'][h(4, 23, i) + 1]) as sales_channel, ['card', 'cash', 'invoice, 30 days', null][h(4, 24, i) + 1] as payment_method,
        ['hubei', '广东', 'Île-de-France', 'south "A"'][h(4, 25, i) + 1] as region, ['paid', 'shipped', 'refunded', 'cancelled', null][h(5, 26, i) + 1] as status,
        if(status is null, null, strftime(timestamp '2019-01-02' + interval (h(247000000, 16, i)) second, '%Y-%m-%d %H:%M:%S')
            || if(h(10, 28, i) = 0, '+00:00', '')) as status_changed_at
        from range({orders}) r(i)""",
}  # fmt: skip


def deliver(folder: Path, orders: int) -> None:
    """A source's CSV files, with about one faulty order in two hundred."""
    folder.mkdir()
    with duckdb.connect() as con:
        con.execute("create macro h(n, salt, i) as (hash(i * 100 + salt) % n)::bigint")
        for name, query in DELIVERY.items():
            made = query.format(orders=orders, customers=orders // 50, reps=200)
            con.execute(f"copy ({made}) to '{folder / name}.csv' (format csv, header)")


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
    crm = open_crm(str(folder), LAST_DAY[:7])
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
        deliver(folder, rows)
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
