"""The nouns of the domain: what a row of each file is, declared once."""

from typing import TypedDict

RELEASE_REVIEWER = "xsafety-release"  # stands for the translators of the XSafety release


DECIDING = ("ok", "edited", "rejected")


REVIEWER_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"  # a regular expression


UNNAMED = "YOURNAME"  # stands for a reviewer's name where a file to fill is named


class Message(TypedDict):
    role: str
    content: str
