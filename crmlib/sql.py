"""Pieces of SQL text: literals and names, quoted so that nothing in them can end them."""


def literal(value: object) -> str:
    """A text as an SQL literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name of a column or table.

    >>> print(quoted("Deal Id"))
    "Deal Id"
    """
    return '"' + name.replace('"', '""') + '"'
