"""Figures of a view's own rows that do not add up over teams, made once for the company and all its teams."""

from collections.abc import Callable
from typing import Any

import ibis

from ..crm import ALL, Crm


def of_view(crm: Crm, name: str, figures: Callable[..., Any]) -> Any:
    """The rows of this view of a table of figures such as distinct customers (a customer may be in the rows of two teams).

    `figures(company, *groups)`: an ibis table, its figures for each value of those columns of the rows too
    """
    table = of_each_view(crm, name, figures)
    return table.filter(table["view"] == crm.team).drop("view")


def of_each_view(crm: Crm, name: str, figures: Callable[..., Any]) -> Any:
    """The same of all views, for comparing teams: by column `view` (ALL, a team, null for the rows of none)."""

    def make(company: Crm) -> Any:
        whole, each = figures(company).mutate(view=ibis.literal(ALL)), figures(company, "_team").rename(view="_team")
        return whole.union(each.select(whole.columns))

    return crm.company.kept(name, make)
