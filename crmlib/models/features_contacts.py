"""What customers did, how they are spoken to, and how satisfied they are, as of a day: the rest of their features."""

from typing import Any

import ibis

from ..crm import Crm
from ..measures import count_if, ratio, total
from ..metrics.lives import OWN
from .windows import MONTH, QUARTER, YEAR, age, before, rows

_SCORE = "decimal(18, 4)"  # scores are added exactly


def contacts(view: Crm, among: Any = None) -> Any:
    """What each customer did of their own accord, and what contacts there were.

    Needs interactions: customer_id, occurred_at, channel; direction, opened, replied as delivered.
    → ibis table: customer_id, acted_days, acted_since (days since the last and the first own activity), acts_90, acts_before (own
      activities; those in the baseline), logins_, browses_, events_, emails_, calls_, meetings_, chats_, contacts_ (all that
      is no own activity), opened_share, replied_share (of the year's e-mails that did not come in, of which it is known)
    """
    book = rows(view, "interactions", among, "occurred_at", "channel", "direction", "opened", "replied")
    book = book.mutate(age=age(book.occurred_at, view), own=book.channel.isin(OWN))
    done = lambda channel, days: count_if((book.channel == channel) & (book.age <= days))  # noqa: E731
    sent = (book.channel == "email") & (book.age <= YEAR) & (book.direction != "in").fill_null(True)
    return book.group_by("customer_id").aggregate(
        acted_days=book.age.min(where=book.own),
        acted_since=book.age.max(where=book.own),
        acts_90=count_if(book.own & (book.age <= QUARTER)),
        acts_before=count_if(book.own & before(book.age)),
        contacts_90=count_if(~book.own & (book.age <= QUARTER)),
        **{f"logins_{days}": done("login", days) for days in (MONTH, QUARTER, YEAR)},
        **{f"browses_{days}": done("browse", days) for days in (QUARTER, YEAR)},
        **{f"{name}_365": done(channel, YEAR) for name, channel in _KINDS.items()},
        opened_share=ratio(count_if(sent & book.opened), count_if(sent & book.opened.notnull())),
        replied_share=ratio(count_if(sent & book.replied), count_if(sent & book.replied.notnull())),
    )


_KINDS = {"events": "event", "emails": "email", "calls": "phone", "meetings": "meeting", "chats": "chat"}


def service(view: Crm, among: Any = None) -> Any:
    """How often each customer asked for help or gave an answer, and how satisfied they are.

    Needs tickets: customer_id, opened_at; resolved_at, satisfaction; feedback: customer_id, given_at; score, as delivered.
    → ibis table: customer_id, tickets_90, tickets_365, feedback_365, satisfaction_90 (mean, 1..5), lowest_90
    A ticket's satisfaction counts on the day on which it was resolved (where no such day is delivered: opened), an
    answer's score on the day on which it was given.
    """
    asked = rows(view, "tickets", among, "opened_at", "resolved_at", "satisfaction")
    rated = asked.filter(asked.satisfaction.notnull())
    none = ibis.null("int64")
    asked = asked.select("customer_id", opened=age(asked.opened_at, view), given=none, rated=none, score=ibis.null(_SCORE))
    rated = rated.select(
        "customer_id", opened=none, given=none, rated=age(ibis.coalesce(rated.resolved_at, rated.opened_at), view),
        score=rated.satisfaction.cast(_SCORE),
    )  # fmt: skip
    said = rows(view, "feedback", among, "given_at", "score")
    given = age(said.given_at, view)
    said = said.select("customer_id", opened=none, given=given, rated=given, score=said.score.cast(_SCORE))
    book = asked.union(rated.select(asked.columns)).union(said.select(asked.columns))
    lately = (book.rated <= QUARTER) & book.score.notnull()
    return book.group_by("customer_id").aggregate(
        tickets_90=count_if(book.opened <= QUARTER),
        tickets_365=count_if(book.opened <= YEAR),
        feedback_365=count_if(book.given <= YEAR),
        satisfaction_90=ratio(total(book.score, where=lately), count_if(lately)),
        lowest_90=book.score.cast("float64").min(where=lately),
    )
