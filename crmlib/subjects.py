"""Which subject a key figure belongs to in the table of all of them, and which figures are drawn there.

A figure that is named nowhere here (one of an analyst's own notebook) stands under `other`; of those that texts define none does.
"""

SUBJECTS = {
    "customers": """customer_count customers_ever new_customers lost_customers won_back_customers new_customer_share customer_growth_yoy
        prospect_count active_customers login_frequency interaction_frequency dau wau mau stickiness activity_drops buyer_count
        purchase_count purchases_per_buyer browse_to_buy top_hundredth_share top_tenth_share largest_customer_share sales_gini
        price_sensitive_share quality_seeking_share""",
    "loyalty": """retention_rate churn_rate repeat_purchase_rate repurchase_rate cross_sell_rate referral_rate expected_leavers
        money_at_stake warned_customers call_value suggested_inactive_days promoter_share""",
    "sales": """revenue order_count units_sold aov arpu refunded_amount refund_rate yoy mom money_per_person deals_per_person
        people_count market_share""",
    "deals": """lead_count won_count lost_count open_count won_amount win_rate win_rate_value avg_deal_size sales_cycle_days
        sales_cycle_p90 sales_velocity cumulative_conversion sales_conversion_rate weighted_pipeline pipeline_coverage
        open_amount""",
    "value": """clv_simple clv_margin clv_bgnbd expected_value top_fifth_share quiet_amount cac ltv_cac cac_payback segment_count
        largest_segment_share richest_segment_share migration_rate cac_year acquisition_spend""",
    "feedback": """answer_count csat_mean csat_top_box nps problem_rate complaint_rate open_improvements overdue_improvements told_share
        days_to_done""",
    "models": """churn_auc churn_baseline_auc churn_lift churn_calibration_error segment_stability segment_silhouette segment_drift
        read_comments themed_share named_share assigned_share judged_customers field_completeness""",
    "other": "",
}  # fmt: skip
_OF = {name: subject for subject, listed in SUBJECTS.items() for name in listed.split()}
# one chart each: how many customers there are, how fast that grows, how loyal they are, how many leave, what they buy
DRAWN = (
    ("customer_count",), ("new_customers", "lost_customers"), ("customer_growth_yoy",), ("active_customers",),
    ("retention_rate",), ("churn_rate",), ("repurchase_rate", "repeat_purchase_rate"), ("cross_sell_rate", "referral_rate"),
    ("revenue",), ("order_count",), ("aov",), ("cac",), ("win_rate",), ("won_amount",), ("lead_count",), ("nps",),
)  # fmt: skip


def subject_of(figure: str) -> str:
    """
    >>> subject_of("churn_rate"), subject_of("something_new")
    ('loyalty', 'other')
    """
    return _OF.get(figure, "other")


def place_of(figure: str) -> tuple[int, int]:
    """Where it stands: by subject, and there as the subject lists it; what no subject lists, last."""
    subjects, named = list(SUBJECTS), list(_OF)
    return subjects.index(subject_of(figure)), named.index(figure) if figure in _OF else len(named)
