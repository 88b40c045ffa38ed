"""What the demo company sells: office equipment, supplies, furniture, software and services."""

import numpy as np

# product, category, list price in yuan, how often it is bought, share of the price that it costs
_GOODS = (
    ("laptop", "equipment", 5200, 2.0, 0.78),
    ("monitor", "equipment", 1350, 3.0, 0.74),
    ("laser_printer", "equipment", 1980, 2.2, 0.72),
    ("label_printer", "equipment", 890, 2.4, 0.66),
    ("desk_phone", "equipment", 420, 2.4, 0.62),
    ("projector", "equipment", 3600, 0.9, 0.71),
    ("copy_paper", "supplies", 138, 9.0, 0.70),
    ("toner", "supplies", 360, 7.0, 0.58),
    ("labels", "supplies", 65, 5.0, 0.50),
    ("pens", "supplies", 36, 6.0, 0.45),
    ("folders", "supplies", 52, 5.0, 0.48),
    ("cleaning_kit", "supplies", 78, 3.0, 0.46),
    ("office_chair", "furniture", 780, 2.0, 0.60),
    ("desk", "furniture", 1480, 1.4, 0.61),
    ("cabinet", "furniture", 960, 1.0, 0.59),
    ("whiteboard", "furniture", 340, 1.2, 0.52),
    ("crm_licence", "software", 1200, 1.8, 0.18),
    ("security_suite", "software", 680, 2.0, 0.20),
    ("backup_plan", "software", 520, 1.8, 0.22),
    ("design_suite", "software", 1680, 0.8, 0.25),
    ("installation", "services", 450, 2.2, 0.64),
    ("maintenance", "services", 980, 2.0, 0.55),
    ("training", "services", 1500, 1.0, 0.50),
    ("consulting", "services", 2800, 0.7, 0.48),
)
PRODUCTS = tuple(g[0] for g in _GOODS)
CATEGORY_OF = tuple(g[1] for g in _GOODS)
PRICE_CENTS = np.array([g[2] * 100 for g in _GOODS])
POPULARITY = np.array([g[3] for g in _GOODS]) / sum(g[3] for g in _GOODS)
COST_SHARE = np.array([g[4] for g in _GOODS])
SERVICE_PRODUCTS = tuple(g[0] for g in _GOODS if g[2] >= 400)  # what deals and tickets are about
DISCOUNTS = (0.0, 0.05, 0.10, 0.15, 0.20)
REGIONS = ("beijing", "shanghai", "guangdong", "zhejiang", "sichuan", "hubei", "shaanxi", "liaoning")
TEAM_REGIONS = {  # where a team's customers live, most of them in its own part of the country
    "north": (8, 0.3, 0.3, 0.3, 0.2, 0.3, 2, 4),
    "south": (0.3, 0.5, 10, 1.5, 0.4, 0.6, 0.2, 0.2),
    "east": (0.3, 6, 0.5, 6, 0.2, 0.5, 0.2, 0.2),
    "west": (0.3, 0.2, 0.4, 0.2, 8, 0.5, 4, 0.2),
    "central": (0.5, 0.5, 0.5, 0.5, 0.5, 10, 1, 0.3),
    "online": (2, 2, 2.5, 2, 1.5, 1.5, 1, 1),
}
