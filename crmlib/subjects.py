"""Which subject a key figure belongs to in the table of all of them, and which figures are drawn there.

Figures that are named nowhere here stand under `other`: a new one shows up, and can be given its place.
"""

SUBJECTS = {
    "customers": """customer_count customers_ever new_customers lost_customers won_back_customers new_customer_share customer_growth_yoy prospect_count
        active_customers login_frequency interaction_frequency dau wau mau stickiness activity_drops buyer_count purchase_count purchases_per_buyer browse_to_buy""",
    "loyalty": """retention_rate churn_rate repeat_purchase_rate repurchase_rate cross_sell_rate referral_rate grr nrr revenue_churn
        expected_leavers money_at_stake warned_customers call_value suggested_inactive_days""",
    "sales": """revenue order_count units_sold aov arpu refunded_amount refund_rate target_attainment yoy mom mrr arr money_per_person deals_per_person
        people_count""",
    "deals": """lead_count won_count lost_count open_count won_amount win_rate win_rate_value avg_deal_size sales_cycle_days sales_cycle_p90 sales_velocity
        cumulative_conversion sales_conversion_rate weighted_pipeline pipeline_coverage push_count deals_won""",
    "value": """clv_simple clv_margin clv_bgnbd expected_value top_fifth_share quiet_amount cac cac_by_channel ltv_cac cac_payback roi roas cpl
        segment_count largest_segment_share richest_segment_share migration_rate""",
    "feedback": """answer_count csat_mean csat_top_box nps ces problem_rate complaint_rate response_rate open_improvements overdue_improvements told_share
        days_to_done first_response_time resolution_time fcr sla_attainment backlog""",
    "models": """churn_auc churn_baseline_auc churn_lift churn_calibration_error segment_stability segment_silhouette segment_drift read_comments themed_share
        named_share assigned_share judged_customers""",
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
