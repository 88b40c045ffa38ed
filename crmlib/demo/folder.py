"""The files of the demo company: made in a folder beside, which takes the real one's place when complete."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

PARQUET = ("orders", "order_lines", "interactions")  # the large ones; the others are CSV


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A folder that is seen complete or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    half, old = (folder.with_name(f".{folder.name}.{word}-{os.getpid()}") for word in ("half", "old"))
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        yield half
        if folder.exists():
            folder.replace(old)
        half.replace(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_table(folder: Path, name: str, table: pa.Table) -> None:
    """One file a table, the same bytes for the same rows."""
    if name in PARQUET:
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", row_group_size=200_000)
        return
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("rows", table)
        con.execute("copy rows to ? (format csv, header true)", [str(folder / f"{name}.csv")])


def write_truth(folder: Path, truth: dict[str, Any]) -> None:
    text = json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text + "\n", "utf-8", newline="\n")
