"""What people, companies and places of the demo company are called."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import chosen, joined, kept, picked


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _paired(text: str) -> dict[str, str]:
    """Characters and how they sound."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SURNAMES = _paired(
    "王 wang 李 li 张 zhang 刘 liu 陈 chen 杨 yang 黄 huang 赵 zhao 吴 wu 周 zhou 徐 xu 孙 sun "
    "马 ma 朱 zhu 胡 hu 郭 guo 何 he 林 lin 高 gao 罗 luo 郑 zheng 梁 liang 谢 xie 宋 song "
    "唐 tang 许 xu 韩 han 冯 feng 邓 deng 曹 cao 彭 peng 曾 zeng 肖 xiao 田 tian 董 dong"
)
GIVEN = _paired(
    "伟 wei 芳 fang 娜 na 敏 min 静 jing 丽 li 强 qiang 磊 lei 洋 yang 艳 yan 勇 yong 军 jun "
    "杰 jie 娟 juan 涛 tao 明 ming 超 chao 霞 xia 平 ping 刚 gang 桂 gui 英 ying 华 hua 玉 yu "
    "兰 lan 红 hong 建 jian 文 wen 辉 hui 鹏 peng 志 zhi 雪 xue 梅 mei 晨 chen 宇 yu 浩 hao "
    "欣 xin 怡 yi 佳 jia 子 zi 轩 xuan 思 si 雨 yu 嘉 jia 博 bo 天 tian 梓 zi 涵 han"
)
FIRST_NAMES = _listed(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan "
    "Joseph Jessica Thomas Sarah Daniel Karen Anna Lukas Emma Oliver Sofia Noah Mia Hannah Peter Laura"
)
LAST_NAMES = _listed(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Wilson Anderson Taylor Moore Jackson Martin Lee "
    "Thompson White Harris Clark Lewis Walker Young King Wright Scott Green Baker Adams Nelson Carter O'Brien Novak"
)
FIRMS = _listed(
    "华星 远航 金桥 东方 恒通 瑞丰 新宇 天成 宏达 盛世 博远 嘉禾 龙腾 海川 安泰 信诚 "
    "Brightwater Northgate Silverline Oakfield Riverside Bluepeak Harborview Greenway"
)
TRADES_ZH = ("科技", "贸易", "物流", "机械", "医疗", "教育", "酒店", "电子")
TRADES_EN = (
    "Technology",
    "Trading",
    "Logistics",
    "Machinery",
    "Health",
    "Education",
    "Hotels",
    "Electronics",
)
MAIL = ("example.com", "example.org", "example.net")
_MOBILES = _listed("130 131 135 136 137 138 139 150 151 152 158 159 176 177 185 186 187 188")
_CHINESE_FIRMS = 16


def people(rng: np.random.Generator, count: int) -> tuple[pa.Array, pa.Array]:
    """Full names, seven of ten Chinese, and the first part of each one's e-mail address."""
    zh_name, zh_mail = _chinese(rng, count)
    en_name, en_mail = _english(rng, count)
    chinese = pa.array(rng.random(count) < 0.7)
    return pc.if_else(chinese, zh_name, en_name), pc.if_else(chinese, zh_mail, en_mail)


def _chinese(rng: np.random.Generator, count: int) -> tuple[pa.Array, pa.Array]:
    surname = chosen(rng, count, 1 / np.arange(3, 3 + len(SURNAMES)))
    one, two = rng.integers(len(GIVEN), size=(2, count))
    two = np.where(rng.random(count) < 0.3, -1, two)
    written = joined(picked(list(SURNAMES), surname), picked(list(GIVEN), one), _or_empty(list(GIVEN), two))
    sound = list(GIVEN.values())
    return written, joined(picked(sound, one), _or_empty(sound, two), ".", picked(list(SURNAMES.values()), surname))


def _english(rng: np.random.Generator, count: int) -> tuple[pa.Array, pa.Array]:
    first, last = rng.integers(len(FIRST_NAMES), size=count), rng.integers(len(LAST_NAMES), size=count)
    name = joined(picked(FIRST_NAMES, first), " ", picked(LAST_NAMES, last))
    mail = pc.replace_substring(pc.utf8_lower(pc.replace_substring(name, " ", ".")), "'", "")
    return name, mail


def _or_empty(words: list[str], codes: np.ndarray) -> pa.Array:
    return picked([*words, ""], np.where(codes < 0, len(words), codes))


def mail_addresses(rng: np.random.Generator, local: pa.Array) -> pa.Array:
    """An address of one's own for everyone, at domains that nobody owns."""
    number = pa.array(np.arange(1, len(local) + 1)).cast(pa.string())
    return joined(local, number, "@", picked(MAIL, chosen(rng, len(local), (0.6, 0.25, 0.15))))


def phones(rng: np.random.Generator, count: int) -> pa.Array:
    """Chinese mobiles (never 199, which the canaries have), some foreign numbers that are reserved for fiction."""
    rest = pc.utf8_lpad(pa.array(rng.integers(0, 100_000_000, count)).cast(pa.string()), 8, "0")
    mobile = joined(picked(_MOBILES, rng.integers(len(_MOBILES), size=count)), rest)
    area = pa.array(rng.integers(201, 989, count)).cast(pa.string())
    line = pc.utf8_lpad(pa.array(rng.integers(100, 200, count)).cast(pa.string()), 4, "0")
    return pc.if_else(pa.array(rng.random(count) < 0.92), mobile, joined("+1-", area, "-555-", line))


def companies(rng: np.random.Generator, count: int) -> pa.Array:
    """Company names; two of five customers are persons and have none."""
    firm, trade = rng.integers(len(FIRMS), size=count), rng.integers(len(TRADES_ZH), size=count)
    chinese = joined(picked(FIRMS, firm), picked(TRADES_ZH, trade), "有限公司")
    english = joined(picked(FIRMS, firm), " ", picked(TRADES_EN, trade), " Ltd.")
    name = pc.if_else(pa.array(firm < _CHINESE_FIRMS), chinese, english)
    return kept(name, rng.random(count) < 0.6)
