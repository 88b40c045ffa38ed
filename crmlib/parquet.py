"""The files of a prepared store: one Parquet file a table, and a hash of what each holds."""

import shutil
from pathlib import Path
from typing import Any

import duckdb

from .errors import CrmError
from .sql import literal


def write_tables(con: duckdb.DuckDBPyConnection, door: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write every table; → a hash of each one's rows."""
    left_out = [f"{n}__left_out" for n, t in door["tables"].items() if t["left_out"]]
    contents = {}
    try:
        for name in ["spans", *door["tables"], *left_out]:
            file = literal(folder / f"{name}.parquet")
            con.execute(f'copy "{name}" to {file} (format parquet, compression zstd, parquet_version v2)')
            contents[name] = _content(con, name)
        return contents
    except duckdb.IOException:
        free = shutil.disk_usage(folder).free
        raise CrmError(
            f"The prepared store cannot be written; its disk has {free / 1e6:,.0f} MB free. It needs about as much as the source. "
            "Make room there, or choose another folder with --out."
        ) from None


def _content(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """A hash of a table's rows, in whatever order: the files of large tables differ from one writing to the next.

    A row's hash is hashed once more before it is added up, else two values that change places might go unnoticed.
    """
    columns = "* exclude (_row)" if name.endswith("__left_out") else "*"  # where in its file a row stood is of no consequence
    rows, total = con.execute(f'select count(*), sum(hash(hash(*columns({columns})))) from "{name}"').fetchall()[0]
    return f"{rows}-{total or 0:x}"
