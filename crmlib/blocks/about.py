"""What each report is about."""

# the tables of which a report needs one, or has nothing to show
ABOUT: dict[str, tuple[str, ...]] = {
    "funnel": ("opportunities",),
    "feedback": ("feedback",),
    "activity": ("interactions", "orders", "opportunities"),
    "churn": ("interactions", "orders", "opportunities"),
    "value": ("orders",),
    "sales": ("orders", "opportunities"),
    "segments": ("interactions", "orders"),
    "kpis": ("customers", "orders", "opportunities"),
    "customers": ("customers", "orders", "opportunities", "interactions"),
    "performance": ("orders", "opportunities"),
}
