"""The columns that a view of a custom page can be made of: a table's own and those of the tables that its rows hang on.

A column is known in frames, facts and texts as <table>_<column>, whatever table the view is of.
"""

from dataclasses import dataclass
from functools import cache

from .errors import nearest
from .schema import Column, tables

NEVER = ("phone", "email", "birthday", "comment", "subject")  # on no page of anybody
# tables of which a page can be made: those whose rows are dated and are about the business (`changes` may hold anything)
TABLES = tuple(name for name, table in tables().items() if table.date and name not in ("changes", "exchange_rates", "reps"))
NUMBERS = ("money", "number", "share", "count")
NAMES = ("id", "word", "text")
MOMENTS = ("time", "day")
Steps = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """One column; `steps` lead to its table: (column, the table it names), from the view's own on."""

    table: str
    column: str
    type: str
    steps: Steps = ()

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}"

    @property
    def need(self) -> str:
        """What a source has to deliver for it."""
        return f"{self.table}.{self.column}"

    @property
    def spec(self) -> Column:
        return tables()[self.table].columns[self.column]


def field(table: str, said: str, types: tuple[str, ...] = ()) -> Field:
    """The column of this name in a table, or, as `customers.region`, in one that its rows hang on.

    `types`: the only ones that are right here.

    >>> field("orders", "customers.region").steps
    (('customer_id', 'customers'),)
    """
    above, _, column = said.rpartition(".")
    reached = reaches(table)
    if above and above not in reached:
        raise ValueError(f"{table} reaches no table {above!r}; {nearest(above, reached)}")
    where = above or table
    known = known_columns(table, types)
    if column not in tables()[where].columns or said not in known:
        raise ValueError(_unknown(table, where, column, said, known))
    return Field(where, column, tables()[where].columns[column].type, reached[where])


def known_columns(table: str, types: tuple[str, ...] = ()) -> list[str]:
    """The names of all columns that a view of this table can use, personal ones left out."""
    return [
        f"{where}.{name}" if where != table else name
        for where in reaches(table)
        for name, column in tables()[where].columns.items()
        if not personal(column) and (not types or column.type in types)
    ]


def personal(column: Column) -> bool:
    return column.personal or column.name in NEVER


@cache
def reaches(table: str) -> dict[str, Steps]:
    """The tables whose columns its rows have, with the way to each: itself, its parents and theirs."""
    found: dict[str, Steps] = {table: ()}
    todo = [table]
    while todo:
        here = todo.pop(0)
        for column, parent in tables()[here].parents.items():
            if parent not in found:
                found[parent] = (*found[here], (column, parent))
                todo.append(parent)
    return found


@cache
def by_name() -> dict[str, Column]:
    """Every column of the schema under its name in frames."""
    return {f"{table.name}_{column.name}": column for table in tables().values() for column in table.columns.values()}


def said_in(column: Column) -> str:
    """The unit in which figures of a column are said."""
    if (column.low, column.high) == (1, 5):
        return "score"
    return {"money": "money", "share": "share", "flag": "share", "count": "count"}.get(column.type, "ratio")


def _unknown(table: str, where: str, column: str, said: str, known: list[str]) -> str:
    there = tables()[where].columns.get(column)
    if there is None:
        return f"{where} has no column {column!r}; {nearest(said, known)}"
    if personal(there):
        return f"{said} is personal and stands on no page; known: {', '.join(known)}"
    return f"{said} is a {there.type}, which cannot be used here; known: {', '.join(known) or 'none'}"
