"""A mapping at work: the declared files as views, and one query for each canonical table, on the door's locked connection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from .csvfile import separated_by
from .errors import CrmError, DataError, UsageError, nearest
from .expressions import FILES, Refused, make_macros, query, scalar, translated
from .files import File
from .formats import Formats
from .inputs import ROW, DeclaredDay, Given, described, reader, unreadable, without_paths
from .mapping import ColumnSpec, TableSpec
from .schema import Table, tables
from .sql import quoted


@dataclass
class Mapped:
    """The mapping of one source on a connection: the declared files as views, and `raw` for each table in turn.

    `where(keys)` says in which line of the settings file something stands.
    """

    con: duckdb.DuckDBPyConnection
    files: dict[str, File]
    scratch: Path
    where: Callable[..., str]
    zone: str = "UTC"  # the business's
    day: DeclaredDay = field(default_factory=DeclaredDay)
    _columns: dict[str, dict[str, str]] = field(default_factory=dict)

    def given(self, name: str, spec: TableSpec) -> Given:
        """A canonical table on its way in."""
        wide = self._formats(spec)
        formats = dict.fromkeys(tables()[name].columns, wide) | {c: one.formats.over(wide) for c, one in spec.columns.items()}
        return Given(partial(self._relation, spec), tuple(self.files_of(spec)), formats, self.where("tables", name))

    def _formats(self, spec: TableSpec) -> Formats:
        """How a table's columns are written: as it says itself, else as the file does that its rows come from (of a query: its only file)."""
        files = self.files_of(spec)
        return spec.formats.over(files[0].formats) if len(files) == 1 or (files and not spec.query) else spec.formats

    def _relation(self, spec: TableSpec, table: Table) -> dict[str, str]:
        make_macros(self.con, self._formats(spec), self.zone)
        sql = self._from_query(table.name, spec) if spec.query else self._from_file(table.name, spec)
        self.con.execute(f"create or replace view raw as {self.day.added(self.con, table, sql)}")
        types = described(self.con, "raw")
        missing = [c for c in table.required if c not in types]
        if missing:
            raise DataError(
                f"{self.where('tables', table.name)}: {table.name} gets no {missing[0]!r}, which it needs ({tables()[table.name].columns[missing[0]].means}). "
                f"It gets: {', '.join(c for c in types if c != ROW)}. Map it there."
            )
        return types

    # ------------------------------------------------------------------------------------------------ from a file

    def _from_file(self, name: str, spec: TableSpec) -> str:
        known = {alias: self._view(alias, name) for alias in (spec.of, *spec.join)}
        joins = ""
        for alias, condition in spec.join.items():
            place = ("tables", name, "join", alias)
            self._check(condition, place)
            joins += f" left join {FILES}.{quoted(alias)} on ({condition}\n)"
            every = [c for columns in known.values() for c in columns]
            self._bind(f"select 1 from {FILES}.{quoted(spec.of)}{joins}", place, f"{name}: join with {alias}", every)
        counted = f"(select *, row_number() over () as {quoted(ROW)} from {FILES}.{quoted(spec.of)}) as {quoted(spec.of)}"
        first = counted if spec.where or spec.join else f"{FILES}.{quoted(spec.of)}"  # rows are called by their place in the file
        source = f"{first}{joins}"
        chosen = spec.columns or {
            c: ColumnSpec.model_validate({"from": c}) for c in tables()[name].columns if c in known[spec.of]
        }
        columns = [
            f"{self._expression(name, column, one, spec, known, source)} as {quoted(column)}" for column, one in chosen.items()
        ]
        if not columns:
            raise DataError(
                f"{self.where('tables', name)}: no column of {self.files[spec.of].called} has the name of one of {name}'s. Say columns: there."
            )
        self._check_joins(name, spec, source)
        columns += [f"{quoted(spec.of)}.{quoted(ROW)}"] * bool(spec.where or spec.join)
        return f"select {', '.join(columns)} from {source}" + self._filter(name, spec, source)

    def _filter(self, name: str, spec: TableSpec, source: str) -> str:
        if not spec.where:
            return ""
        place = ("tables", name, "where")
        self._check(spec.where, place)
        self._bind(
            f"select 1 from {source} where ({spec.where}\n)",
            place,
            f"{name}: where",
            [c for a in (spec.of, *spec.join) for c in self._columns[a]],
        )
        ((_, kind, *_),) = self.con.execute(f"describe select ({spec.where}\n) from {source}").fetchall()
        if kind != "BOOLEAN":
            raise UsageError(
                f"{self.where(*place)}: where of {name} is no condition (its value is {kind}). Right is such as Stage <> 'Test'. Change it there."
            )
        return f" where ({spec.where}\n)"

    def _view(self, alias: str, table: str) -> list[str]:
        """The columns of a declared file; its view is made when it is first asked for."""
        if alias not in self.files:
            raise UsageError(
                f"{self.where('tables', table)}: {table} comes from {alias!r}, which is no declared file; {nearest(alias, self.files)} "
                "Declare it under files there."
            )
        if alias not in self._columns:
            file = self.files[alias]
            try:
                self.con.execute(f"create schema if not exists {FILES}")
                self.con.execute(f"create view {FILES}.{quoted(alias)} as select * from {reader(file, self.scratch)}")
                self._columns[alias] = described(self.con, f"{FILES}.{quoted(alias)}")
                self._check_content(file, alias)
            except duckdb.Error as e:
                raise unreadable(file, e) from None
        return list(self._columns[alias])

    def _check_content(self, file: File, alias: str) -> None:
        """The control total and the hash that the source declares."""
        if file.spec.sha256 and file.spec.sha256 != file.sha:
            raise DataError(f"{file.called} is not the file that {self.where('files', alias)} declares: its sha256 is {file.sha[:12]}…, declared is {file.spec.sha256[:12]}…. Get it again, or correct sha256 there.")  # fmt: skip
        if file.spec.rows is None:
            return
        rows = self.con.execute(f"select count(*) from {FILES}.{quoted(alias)}").fetchall()[0][0]
        if rows != file.spec.rows:
            raise DataError(f"{file.called} has {rows} rows, but {self.where('files', alias)} declares {file.spec.rows}: it may be cut off. Get it again, or correct rows there.")  # fmt: skip

    def _expression(
        self, name: str, column: str, one: ColumnSpec, spec: TableSpec, known: dict[str, list[str]], source: str
    ) -> str:
        """A column of the file by its name, else an expression, checked alone so that its fault is named."""
        place = ("tables", name, "columns", column)
        owner = next((alias for alias in known if one.column in known[alias]), None)
        if owner:
            return translated(f"{quoted(owner)}.{quoted(one.column)}", one.values)
        names = [c for columns in known.values() for c in columns]
        self._check(one.of, place, names)
        beside = f"{quoted(spec.of)}.{quoted(known[spec.of][0])}"  # beside a column no aggregate can stand
        self._bind(f"select ({one.of}\n), {beside} from {source}", place, f"{name}.{column}", names)
        return translated(f"({one.of}\n)", one.values)

    def _check(self, text: str, place: tuple[str, ...], names: Any = ()) -> None:
        try:
            scalar(self.con, text)
        except Refused as e:
            hint = f"; no column has that name either ({_known(text, names)})" if names else ""
            raise UsageError(
                f"{self.where(*place)}: {'.'.join(place[1:])} is {text[:60]!r}: {e}{hint}. Change it there."
            ) from None

    def _bind(self, sql: str, place: tuple[str, ...], what: str, names: Any) -> None:
        """Whether the engine understands it, and may read what it reads."""
        try:
            self.con.execute(f"describe {sql}")
        except duckdb.Error as e:
            raise self._misunderstood(e, place, what, names) from None

    def _misunderstood(self, error: duckdb.Error, place: tuple[str, ...], what: str, names: Any) -> CrmError:
        said, at = without_paths(str(error).splitlines()[0]), self.where(*place)
        if isinstance(error, duckdb.PermissionException | duckdb.IOException):
            return UsageError(
                f"{at}: {what} reads something other than the declared files ({said[:120]}). Expressions read those alone. Change it there."
            )
        if isinstance(error, duckdb.BinderException) and "not found" in said and names:
            asked = said.partition('"')[2].partition('"')[0]
            return DataError(f"{at}: {what} asks for the column {asked!r}, which the file has not ({_known(asked, names)}). Correct it there.")  # fmt: skip
        return UsageError(f"{at}: {what} cannot be worked out ({said[:160]}). Correct it there.")

    def _check_joins(self, name: str, spec: TableSpec, source: str) -> None:
        """A join that finds two rows for one would count money twice."""
        if not spec.join:
            return
        count = lambda what: self.con.execute(f"select count(*) from {what}").fetchall()[0][0]  # noqa: E731
        before, after = count(f"{FILES}.{quoted(spec.of)}"), count(source)
        if before != after:
            raise DataError(
                f"{self.where('tables', name, 'join')}: the join makes {after} rows out of {before}: {', '.join(spec.join)} has several rows for one. "
                "Join on something that is unique there, or remove the duplicates."
            )

    # ------------------------------------------------------------------------------------------------ by a query

    def _from_query(self, name: str, spec: TableSpec) -> str:
        place = ("tables", name, "query")
        try:
            sql, read = query(self.con, spec.query, set(self.files))
        except Refused as e:
            raise UsageError(f"{self.where(*place)}: the query of {name}: {without_paths(str(e))}. Change it there.") from None
        names = [c for alias in sorted(read) for c in self._view(alias, name)]
        self._bind(sql, place, f"the query of {name}", names)
        return sql

    def files_of(self, spec: TableSpec) -> list[File]:
        """The files that a table is made of, the one its rows come from first."""
        try:
            read = sorted(query(self.con, spec.query, set(self.files))[1]) if spec.query else [spec.of, *spec.join]
        except Refused:
            return []  # said where the query is used
        return [self.files[alias] for alias in read if alias in self.files]


def _known(asked: str, names: Any) -> str:
    """What may be meant by a column that is not there, and all that there are; or why there seems to be but one."""
    names = [n for n in names if n != ROW]
    if sign := separated_by(names):
        return f"its columns are separated by {sign!r}: say delimiter: {sign!r} under files"
    hint = nearest(asked, names)
    return f"{hint} It has: {', '.join(names)}" if hint.startswith("did") else f"It has: {', '.join(names)}"
