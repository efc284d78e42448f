"""What the patterns of both languages share."""

from __future__ import annotations

NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d+)(?:\.\d+)?"
LONG = r"\d{17,}"
"""Read digit by digit: no number of a book is so long."""

WEB = (
    r"(?<![A-Za-z0-9.@-])(?:https?://)?(?:[A-Za-z0-9._+-]{1,64}@)?(?:[A-Za-z0-9-]{1,63}\.){1,6}"
    r"(?:com|org|net|edu|gov|io|co|cn|uk|de|fr|jp|info|me|tv|ai|cc|xyz|top)(?![A-Za-z0-9])"
    r"(?:/[A-Za-z0-9./?=&%\#~_-]{0,200}[A-Za-z0-9])?(?!\.[A-Za-z0-9])"
)
"""A web or mail address, each part as long as RFC 1035 and RFC 5321 let it be."""
