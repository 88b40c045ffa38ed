"""What a notebook displays. A notebook makes one `Page` and asks it for its blocks; each is HTML with its twin."""

from .page import Page

__all__ = ["Page"]
