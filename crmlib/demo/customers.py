"""The table `customers`: who they are, how to reach them, who looks after them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .accounts import Accounts
from .catalogue import REGIONS
from .columns import chosen, days, flags, joined, kept, moments, nothing, picked
from .ground import FOREVER, SOURCES, TEAMS, TIERS, stream
from .names import companies, mail_addresses, people, phones
from .reps import Staff
from .truths import Truths

JOBS = ("manager", "buyer", "director", "owner", "engineer", "assistant")
INDUSTRIES = (
    "manufacturing",
    "retail",
    "logistics",
    "healthcare",
    "education",
    "finance",
    "hospitality",
    "technology",
)
TAGS = ("newsletter", "vip", "seminar_2025", "wholesale", "seasonal", "pilot")
ODD_NAMES = ("NA", "None", "null")  # people may be called so, and must not vanish


def customers_table(t: Truths, who: Accounts, reps: Staff) -> pa.Table:
    """One row a customer; a part of every optional column is unknown, as in real life."""
    rng = stream(t.seed, "customers")
    count = len(who)
    name, mail = people(rng, count)
    some = lambda share: rng.random(count) < share  # noqa: E731
    return pa.table(
        {
            "customer_id": who.ids,
            "created_at": moments(who.created),
            "name": pa.chunked_array([pa.array(ODD_NAMES), name.slice(len(ODD_NAMES))]),
            "gender": kept(picked(("female", "male"), rng.integers(2, size=count)), some(0.9)),
            "job_title": kept(picked(JOBS, chosen(rng, count, (4, 3, 1, 1, 2, 2))), some(0.8)),
            "company": companies(rng, count),
            "phone": kept(phones(rng, count), some(0.95)),
            "email": kept(mail_addresses(rng, mail), some(0.92)),
            "birthday": days(rng.integers(-25_000, -7_300, count), ~some(0.7)),
            "industry": kept(picked(INDUSTRIES, chosen(rng, count, (5, 4, 2, 2, 2, 2, 2, 4))), some(0.93)),
            "region": picked(REGIONS, who.region),
            "tier": picked(TIERS, who.tier),
            "tags": _tags(rng, count),
            "acquisition_channel": picked(SOURCES, who.source),
            "referred_by": _referrers(rng, who),
            "rep_id": picked(reps.ids, np.where(_in_nobodys_care(who), -1, who.second_rep)),
            "team": picked(TEAMS, who.team),
            "churned_at": nothing(count, pa.date32()),
            "no_contact": flags(some(0.03)),
        }
    )


def _in_nobodys_care(who: Accounts) -> np.ndarray:
    """A few customers have a team but no person (and had none before: they have no history)."""
    return (np.arange(len(who)) % 50 == 5) & (who.handover == FOREVER)


def _tags(rng: np.random.Generator, count: int) -> pa.Array:
    """Up to two tags, separated by a semicolon."""
    one, two = rng.integers(len(TAGS), size=(2, count))
    first, second = picked(TAGS, one), picked(TAGS, two)
    both = pc.if_else(pa.array((rng.random(count) < 0.3) & (one != two)), joined(first, ";", second), first)
    return kept(both, rng.random(count) < 0.4)


def _referrers(rng: np.random.Generator, who: Accounts) -> pa.Array:
    """Referred customers know an earlier one."""
    earlier = np.floor(rng.random(len(who)) * np.arange(len(who))).astype(np.int64)
    referred = (who.source == SOURCES.index("referral")) & (np.arange(len(who)) > 0)
    return picked(who.ids, np.where(referred, earlier, -1))
