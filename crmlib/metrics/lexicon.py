"""The words by which themes are recognised in comments, Chinese and English; and words that say nothing by themselves.

A part of a comment (between two marks) has a theme if it holds one of `about` and one of `says`, or one of `phrases`; words of
`says` and `phrases` do not count after a negation. English words stand for themselves, with * for every word that begins so.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One theme: its name (texts has it in both languages), whether it is good news, and its words."""

    name: str
    good: bool
    about: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(w.strip() for w in text.split(",") if w.strip())


_DELIVERY = _words(
    "deliver*, shipping, shipment*, courier*, parcel*, package*, order, 送货, 发货, 物流, 快递, 配送, 到货, 送达, 收货"
)
_GOODS = _words(
    "quality, product*, item*, build, material*, device*, printer*, monitor*, 质量, 产品, 商品, 做工, 材料, 机器, 设备, 打印机, 显示器"
)
_SERVICE = _words(
    "service*, support, staff, agent*, executive*, contact, rep, team, customer care, helpline, 客服, 售后, 服务, 销售人员, 客户经理, 人员, 司机, 工程师, 顾问, 技术员, technician*, engineer*, driver*"
)
_PRICE = _words("price*, pricing, cost*, value, fee*, 价格, 报价, 价钱, 费用, 性价比, 收费")
_SYSTEM = _words(
    "app, website, site, software, system, login, portal, checkout, 系统, 软件, 网站, 界面, 手机端, 小程序, 网页, 页面, 平台"
)
_GOOD = _words(
    "good, great, excellent, nice, best, awesome, amazing, superb, perfect, happy, satisfied, 好, 不错, 满意, 棒, 优秀, 赞"
)
_BAD = _words("bad, poor, worst, terrible, horrible, pathetic, useless, disappoint*, 差, 糟糕, 失望, 太烂, 垃圾")

THEMES = (
    Theme(
        "slow delivery", False, _DELIVERY, _words("slow*, late, delay*, long time, too long, not on time, not received, 慢, 晚, 迟, 延误, 拖, 超时, 不更新, 没更新"),
        _words("not delivered, never arrived, not arrived, still waiting, has not come, did not come, delayed delivery, late delivery, "
               "没有送到, 没送到, 还没到, 没收到, 没有收到, 未收到, 等了一个多星期, 等了好几天, 迟迟不到, 迟迟不发, 一直没发货, 不准时"),
    ),
    Theme(
        "damaged parcel", False, _words("parcel*, package*, packaging, box, carton, 包装, 外箱, 箱子, 包裹, 快递盒"),
        _words("damage*, crush*, torn, broken, dent*, wet, open, 破损, 压痕, 压坏, 变形, 破了, 烂了, 受潮, 划痕"),
        _words("arrived damaged, damaged parcel, damaged in transit, 运输损坏, 运输途中损坏"),
    ),
    Theme(
        "wrong item", False, _words("item*, product*, article*, part*, order, colour, color, size, 货, 商品, 型号, 颜色, 尺寸, 配件, 东西"),
        _words("wrong, missing, incomplete, different from, not what i ordered, 发错, 送错, 错发, 漏发, 少发, 不对, 缺件, 不符"),
        _words("wrong item, wrong product, 发错货, 送错货, 少了一件, 货不对板, 与描述不符, 少发, 漏发, 少配件, were missing, was missing"),
    ),
    Theme(
        "product defect", False, _GOODS,
        (*_words("broke*, defect*, faulty, fail*, fault, jam*, crack*, stopped working, not working, 坏, 故障, 异味, 缺陷, 亮点, 卡纸, 裂, 失灵, 不能用, 一般"), *_BAD),
        _words("broke after, broke down, stopped working, poor quality, bad quality, does not work, paper jams, 就坏了, 坏了, 用不了, 卡纸, 划痕, 不耐用, 做工粗糙, scratched, battery dies, 质量差, 有异味, 有亮点"),
    ),
    Theme(
        "price too high", False, tuple(w for w in _PRICE if w not in ("value", "性价比")), _words("high, too much, increase*, rose, unfair, hidden, 高, 贵, 涨, 不合理, 太多"),
        _words("expensive, overpriced, overcharge*, too dear, 太贵, 偏贵, 比网上贵, 涨价, 又涨了, 性价比不高, 性价比低, 折扣没有, 没有优惠, 不补差价, prices went up, price went up"),
    ),
    Theme(
        "invoice or billing", False, _words("invoice*, bill, bills, billing, payment*, charge*, receipt*, 发票, 账单, 付款, 扣款, 收据, 对账"),
        _words("wrong, error*, mistake*, not match, did not match, twice, missing, late, fail*, incorrect, 错, 不一致, 不符, 重复, 没开, 多扣, 不对, 找不到"),
        _words("billing error, charged twice, double charged, 开错发票, 重复扣款, 乱扣费"),
    ),
    Theme(
        "refund or return", False, (), (),
        _words("refund*, return*, replacement*, exchange*, money back, pick up, pickup, 退款, 退货, 换货, 退换, 返款, 取件"),
    ),
    Theme(
        "service unreachable", False, _words("call*, phone, answer*, reply, replies, response*, support, service*, callback*, 电话, 回复, 回电, 客服, 售后, 答复, 联系"),
        _words("nobody, no one, slow*, waiting, busy, late, ignored, no response, no reply, unanswered, 没人, 无人, 太慢, 慢, 打不通, 等了, 没有回, 没回, 不回, 联系不上"),
        _words("nobody answered, no one answered, no response, no reply, never called back, not responding, unreachable, cannot reach, 没人接, 没人回, 没有人回, 打不通, 没有回, 联系不上, 不回复, 石沉大海"),
    ),
    Theme(
        "unhelpful service", False, _SERVICE,
        (*_words("rude, unfriendly, unhelpful, impolite, arrogant, careless, cold, did not help, 冷淡, 敷衍, 推诿, 推来推去, 不耐烦, 恶劣, 不专业, 傲慢, 不懂, 没来, did not know, does not know"), *_BAD),
        _words("rude, unhelpful, passed me, passed around, from one person to the next, no help, not helpful, not resolved, not solved, no solution, "
               "推来推去, 踢皮球, 态度差, 态度恶劣, 态度冷淡, 没有解决, 没解决, 未解决, 解决不了, 答非所问"),
    ),
    Theme(
        "hard to use", False, _SYSTEM, (*_words("hard, difficult, slow*, crash*, error*, bug*, logging me out, not working, confusing, 难, 崩溃, 卡顿, 登录不了, 打不开, 闪退, 报错, 找不到, 复杂"), *_BAD),
        _words("hard to use, hard to set up, difficult to use, not user friendly, keeps logging me out, manual did not help, 难用, 不好用, 看不懂, 登录不了, 点不了, 装不上, 收不到验证码, 步骤太多, 不方便, 操作复杂"),
    ),
    Theme(
        "fast delivery", True, _DELIVERY, (*_words("fast*, quick*, on time, early, prompt*, swift*, 快, 准时, 及时, 迅速"), *_GOOD),
        _words("arrived early, a day early, next day, delivered on time, 第二天就到, 当天就到, 次日达, 隔天就到, 包装完好"),
    ),
    Theme(
        "good quality", True, _GOODS, (*_words("solid, sturdy, durable, reliable, stable, as described, 结实, 稳定, 精细, 耐用, 清晰, 符合描述"), *_GOOD),
        _words("sturdy, works well, works as described, well made, buy again, no problems, 没问题, 值得购买, 符合描述, 做工扎实, 性能稳定, 没有色差"),
    ),
    Theme(
        "good service", True, _SERVICE,
        (*_words("friendly, helpful, polite, kind, patient, professional, fast*, quick*, prompt*, cooperative, solved, 耐心, 专业, 周到, 热情, 及时, 友好, 快, 细心, 清楚, explained"), *_GOOD),
        _words("helpful, polite, calls back, solved in minutes, quick response, quick reply, helped me, problem solved, problem resolved, issue resolved, 马上解决, 很快解决, 态度好, 态度很好, 回复及时, 服务周到, 有人跟进, 讲解清楚"),
    ),
    Theme(
        "fair price", True, _PRICE, (*_words("fair, low, reasonable, cheap*, affordable, 实惠, 划算, 便宜, 合理, 低, 优惠"), *_GOOD),
        _words("value for money, good deal, cheaper, 性价比高, 比别家便宜, 划算, 折扣很好, 有优惠, 省了不少, saved us, no hidden costs, 没有隐藏费用"),
    ),
    Theme(
        "easy to use", True, _SYSTEM, (*_words("easy, simple, clear, convenient, user friendly, smooth*, 简单, 方便, 清楚, 顺畅, 流畅, 容易"), *_GOOD),
        _words("easy to use, easy to install, user friendly, is simple, 容易上手, 好用, 简单方便, 安装顺利, 操作简单, 设置简单, 说明书清楚, clear manual"),
    ),
)  # fmt: skip

NEGATIONS = frozenset(
    _words(
        "not, no, never, without, isn't, wasn't, aren't, weren't, don't, doesn't, didn't, won't, can't, cannot, couldn't, hardly, nothing"
    )
)
NEGATIONS_ZH = _words("不, 没, 没有, 未, 无, 别, 不是, 不太, 不会, 不够, 不算, 并不, 从不, 毫无, 不怎么, 没那么, 没有那么")

STOP = frozenset(
    _words(
        "about, above, after, again, all, also, always, and, any, are, aren, because, been, before, being, both, but, can, cannot, could, did, didn, does, "
        "doesn, doing, don, down, each, even, every, few, for, from, further, get, gets, getting, give, given, got, had, has, have, having, her, here, hers, him, his, how, "
        "into, its, itself, just, let, like, made, make, many, may, more, most, much, must, myself, nor, not, now, off, once, one, only, other, others, our, ours, out, over, "
        "own, please, really, same, say, said, see, she, should, since, some, such, than, that, the, their, theirs, them, then, there, these, they, this, those, through, "
        "too, two, under, until, upon, very, via, was, wasn, way, well, were, what, when, where, which, while, who, whom, why, will, with, won, would, you, your, yours, "
        "一个, 一些, 一下, 一样, 一直, 一般, 不是, 不会, 不能, 为了, 之后, 之前, 也是, 什么, 他们, 你们, 我们, 咱们, 以后, 以前, 但是, 你好, 其他, 其实, 再次, 可以, 可能, 可是, 各位, 同时, "
        "因为, 因此, 如果, 如何, 就是, 已经, 所以, 所有, 或者, 怎么, 时候, 时间, 是否, 有些, 有点, 比较, 没有, 然后, 现在, 由于, 的话, 真的, 自己, 而且, 虽然, 觉得, 许多, 这个, 这么, 这些, 这样, "
        "那个, 那么, 那些, 还是, 还有, 还要, 都是, 需要, 非常, 感觉"
    )
)
