"""Small sources written for a test: what a source file or folder holds, and what the door makes of it."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from crmlib.errors import CrmError
from crmlib.sources import Prepared, prepare

ORDERS = "order_id,ordered_at,amount\n"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder with these CSV files (`orders="…"`); text is written as UTF-8, exactly as it stands."""
    place = tmp_path / "acme"
    place.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (place / f"{name}.csv").write_bytes(data)
    return place


def prepared(tmp_path: Path, **files: str | bytes) -> Prepared:
    return prepare(str(folder(tmp_path, **files)))


def settings(tmp_path: Path, place: Path, business: str = "{}", more: str = "") -> str:
    """A source file for a folder; → its path."""
    path = tmp_path / "acme.yml"
    path.write_text(f"business: {business}\nmapping: {{folder: '{place}'{more}}}\n", "utf-8")
    return str(path)


def table(ready: Prepared, name: str, columns: str = "*") -> pd.DataFrame:
    """A table of the prepared store, as pandas."""
    return duckdb.sql(f"select {columns} from read_parquet('{ready.folder}/{name}.parquet')").df()


def values(ready: Prepared, name: str, columns: str) -> list:
    """Some columns of a table as plain Python values: a list, of tuples where there are several."""
    found = duckdb.sql(f"select {columns} from read_parquet('{ready.folder}/{name}.parquet')").fetchall()
    return [row[0] for row in found] if found and len(found[0]) == 1 else found


def refusal(tmp_path: Path, make, *says: str, code: int = 3) -> str:
    """The message with which `make()` is refused: it says all this, with this exit code, and nothing of the machine."""
    with pytest.raises(CrmError) as caught:
        make()
    message = str(caught.value)
    assert [s for s in says if s not in message] == [], message
    assert caught.value.exit_code == code
    assert str(tmp_path) not in message
    assert "/tmp" not in message
    return message
