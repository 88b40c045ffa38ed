"""The SQL that a mapping may hold: one scalar expression, or one SELECT over the declared files; read by the engine's own parser."""

import json
from typing import Any

import duckdb

from .formats import Formats, declared_moment, plain_number
from .sql import literal

FILES = "given"  # the schema in which the declared files are views
FAR = "timestamp '0001-01-01'"  # a moment that the door refuses: what moment() makes of a text that is none


class Refused(Exception):
    """Why an expression or query is none; the mapping adds where it stands."""


def scalar(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Refuse what is not one scalar expression without subquery."""
    nodes = _parsed(con, f"select ({text}\n)")
    if len(nodes) != 1 or not _plain_select(nodes[0]):
        raise Refused("it is more than one expression. One scalar expression is right")
    if any(n.get("class") == "SUBQUERY" for n in _walk(nodes)):
        raise Refused("it holds a subquery. One scalar expression is right; use query: for a table made of several")


def _plain_select(node: dict[str, Any]) -> bool:
    """A SELECT of one value and of nothing else: what stands in the brackets cannot have closed them."""
    empty = all(not node.get(k) for k in ("where_clause", "group_expressions", "having", "qualify", "sample", "modifiers"))
    only = len(node.get("select_list") or ()) == 1 and (node.get("from_table") or {}).get("type") == "EMPTY"
    return node.get("type") == "SELECT_NODE" and empty and only and node["select_list"][0].get("class") != "STAR"


def query(con: duckdb.DuckDBPyConnection, text: str, files: set[str]) -> tuple[str, set[str]]:
    """One SELECT with its tables put into the schema of the files; → it and the files that it reads."""
    nodes = _parsed(con, text)
    if len(nodes) != 1:
        raise Refused("it is more than one statement. One SELECT is right")
    own = {entry["key"] for n in _walk(nodes) for entry in (n.get("cte_map") or {}).get("map", ())}
    read = set()
    for node in _walk(nodes):
        if node.get("type") != "BASE_TABLE" or node["table_name"] in own:
            continue
        name = node["table_name"]
        if name not in files or node["schema_name"]:
            raise Refused(f"it reads {name!r}, which is no declared file. Declared are: {', '.join(sorted(files))}")
        node["schema_name"] = FILES
        read.add(name)
    whole = {"error": False, "statements": [{"node": nodes[0], "named_param_map": []}]}
    return con.execute("select json_deserialize_sql(?::json)", [json.dumps(whole)]).fetchall()[0][0], read


def _parsed(con: duckdb.DuckDBPyConnection, text: str) -> list[dict[str, Any]]:
    (said,) = con.execute("select json_serialize_sql(?::varchar)", [text]).fetchall()[0]
    parsed = json.loads(said)
    if parsed["error"]:
        raise Refused(f"it is no SQL of this kind ({parsed['error_message']})")
    return [s["node"] for s in parsed["statements"]]


def _walk(node: Any):
    """Every object of a parsed statement."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(inner)


def make_macros(con: duckdb.DuckDBPyConnection, formats: Formats) -> None:
    """`money(text)`, `number(text)`, `moment(text)`: a text as its file writes it, for use in expressions.

    What is not written so reaches the door as something that it refuses (the text itself, NaN, a day long ago), so that the
    row is left out and counted, never silently empty.
    """
    plain = plain_number("x::varchar", formats.numbers or "$1,234.56")
    text = f"case when x is null then null when {plain} is not null then {plain} when try_cast(x as double) is not null then '«' || x || '»' else x::varchar end"
    con.execute(f"create or replace temp macro money(x) as ({text})")
    con.execute(
        f"create or replace temp macro number(x) as (case when x is not null then coalesce(try_cast({plain} as double), 'nan'::double) end)"
    )
    iso = "try_cast(x::varchar as timestamp)"
    when = f"coalesce({declared_moment('x::varchar', formats.dates)}, {iso})" if formats.dates else iso
    con.execute(f"create or replace temp macro moment(x) as (case when x is not null then coalesce({when}, {FAR}) end)")


def translated(expression: str, values: dict[str, str]) -> str:
    """An expression with some of its values said in other words; those that are not named stay."""
    if not values:
        return expression
    whens = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in values.items())
    return f"case ({expression})::varchar {whens} else ({expression})::varchar end"
