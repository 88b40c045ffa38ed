"""The SQL that a mapping may hold: one scalar expression, or one SELECT over the declared files; read by the engine's own parser."""

import json
from dataclasses import replace
from typing import Any

import duckdb

from .formats import Formats, plain_number
from .sql import literal
from .typed import SPACES, text_moment

FILES = "given"  # the schema in which the declared files are views
FAR = "timestamp '0001-01-01'"  # a moment that the door refuses: what moment() makes of a text that is none


class Refused(Exception):
    """Why an expression or query is none; the mapping adds where it stands."""


def scalar(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Refuse what is not one scalar expression without subquery, the same for the same row whenever it is asked."""
    nodes = _parsed(con, f"select ({text}\n)")
    if len(nodes) != 1 or not _plain_select(nodes[0]):
        raise Refused("it is more than one expression. One scalar expression is right")
    if any(n.get("class") == "SUBQUERY" for n in _walk(nodes)):
        raise Refused("it holds a subquery. One scalar expression is right; use query: for a table made of several")
    if {"unnest", "unlist"} & set(_called(nodes)):
        raise Refused("it makes several rows of one. Use query: for that")
    _refuse_unsteady(con, nodes)


def _called(nodes: Any) -> list[str]:
    return [n["function_name"].lower() for n in _walk(nodes) if n.get("class") == "FUNCTION" and n.get("function_name")]


def _refuse_unsteady(con: duckdb.DuckDBPyConnection, nodes: Any) -> None:
    """Refuse what gives another value the next time: the clock, chance, samples; a store made again must be the same."""
    steady = "select function_name from duckdb_functions() where function_type = 'scalar' group by 1 having bool_or(stability <> 'CONSISTENT')"
    unsteady = {name for (name,) in con.execute(steady).fetchall()} | {"current_date", "current_timestamp", "localtimestamp"}
    columns = {n["column_names"][-1].lower() for n in _walk(nodes) if n.get("class") == "COLUMN_REF"} & {
        "current_date",
        "current_timestamp",
    }
    if found := sorted(set(_called(nodes)) & unsteady | columns):
        raise Refused(f"it calls {found[0]}(), which gives another value each time. Write the day or number itself")
    if any(n.get("sample") for n in _walk(nodes)):
        raise Refused("it takes a sample, which is another one each time. Take all rows, or say where")


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
    for node in _walk(nodes):
        function = node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"].lower()
        if function and function not in ("range", "generate_series", "unnest"):
            raise Refused(f"it reads something other than the declared files ({function}). A query reads those alone")
        if node.get("type") == "SHOW_REF":
            raise Refused("it describes instead of selecting. One SELECT is right")
    _refuse_unsteady(con, nodes)
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


def make_macros(con: duckdb.DuckDBPyConnection, formats: Formats, zone: str) -> None:
    """`money(text)`, `number(text)`, `moment(text)`: a text as its file writes it, for use in expressions; `zone`: the business's.

    What is not written so reaches the door as something that it refuses (NaN, a day long ago), so that the row is left out
    and counted, never silently empty. A moment carries its zone: the door does not shift it again.
    """
    plain = plain_number("x::varchar", replace(formats, usual="$1,234.56"))
    read = f"case when x is not null then coalesce(try_cast({plain} as double), 'nan'::double) end"
    for name in ("money", "number"):
        con.execute(f"create or replace temp macro {name}(x) as ({read})")
    local = f"coalesce({text_moment('x::varchar', zone, formats)}, {FAR})"
    con.execute(
        f"create or replace temp macro moment(x) as (case when x is not null then {local} at time zone {literal(zone)} end)"
    )


def translated(expression: str, values: dict[str, str]) -> str:
    """An expression with some of its values (spaces around them aside) said in other words; those that are not named stay."""
    if not values:
        return expression
    whens = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in values.items())
    return f"case trim(({expression})::varchar, {SPACES}) {whens} else ({expression})::varchar end"
