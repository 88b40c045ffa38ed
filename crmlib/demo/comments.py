"""What customers write, by subject and tone: six sentences each, two of three in Chinese."""

COMMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "delivery": {
        "good": (
            "送货很快，包装完好",
            "第二天就到了，非常满意",
            "物流准时，司机态度好",
            "发货速度快，点赞",
            "Fast delivery, well packed",
            "Arrived a day early, thank you",
        ),
        "bad": (
            "送货太慢，等了一个多星期",
            "包装破损，外箱有压痕",
            "物流信息一直不更新",
            "约好的时间没有送到",
            "Delivery was late again",
            "The parcel arrived damaged, box crushed",
        ),
    },
    "quality": {
        "good": (
            "质量很好，用了半年没问题",
            "做工精细，值得购买",
            "打印机稳定，效果清晰",
            "材料结实，符合描述",
            "Solid quality, works as described",
            "Very good build, would buy again",
        ),
        "bad": (
            "用了两周就坏了",
            "质量一般，有异味",
            "显示器有亮点，要求换货",
            "打印经常卡纸，很失望",
            "It broke after two weeks",
            "Poor quality, the paper jams all the time",
        ),
    },
    "service": {
        "good": (
            "客服很耐心，问题马上解决",
            "销售人员专业，回复及时",
            "售后态度好，上门很快",
            "服务周到，下次还会合作",
            "Friendly support, solved in minutes",
            "My contact always calls back",
        ),
        "bad": (
            "电话打了三次没人接",
            "客服态度冷淡，推来推去",
            "回复太慢，等了三天",
            "承诺回电但没有回",
            "Nobody answered my calls",
            "Support passed me from one person to the next",
        ),
    },
    "price": {
        "good": (
            "价格实惠，性价比高",
            "比别家便宜，发票也清楚",
            "大客户折扣很好",
            "活动价格很划算",
            "Good value for money",
            "Fair price and a clear invoice",
        ),
        "bad": (
            "价格又涨了，比网上贵",
            "报价和发票金额不一致",
            "折扣没有按约定给",
            "性价比不高，考虑换供应商",
            "Too expensive compared with others",
            "The invoice did not match the offer",
        ),
    },
    "usability": {
        "good": (
            "软件容易上手，界面清楚",
            "下单流程简单方便",
            "安装顺利，说明书清楚",
            "手机端也很好用",
            "Easy to install and to use",
            "Ordering online is simple",
        ),
        "bad": (
            "系统难用，找不到发票下载",
            "网站经常登录不了",
            "安装说明看不懂",
            "操作步骤太多，不方便",
            "The website keeps logging me out",
            "Hard to set up, the manual did not help",
        ),
    },
}
