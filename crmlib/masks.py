"""Telephone numbers and e-mail addresses as they may be shown."""


def masked_phone(text: str) -> str:
    """
    >>> masked_phone("13812341234")
    '138****1234'
    """
    return text[:3] + "****" + text[-4:] if len(text) > 10 else "****"  # a shorter one would be given away by seven digits


def masked_email(text: str) -> str:
    """
    >>> masked_email("zhang@example.com")
    'z***@example.com'
    """
    name, _, host = text.partition("@")
    return f"{name[:1]}***@{host}" if name and host else "***"
