"""Deliverables: mastered chapters and their timelines -> what listeners, shops, players and editors get.

Every kind is one function in a module of its own, ``write(book: FinishedBook) -> list[Path]``, listed in `kinds`. All of
them take places and times from the chapters' timelines, which are exact to the sample. `make` calls those that are
asked for, each only when something that goes into it has changed.
"""

VERSION = "4"
"""Changes when the same masters would give other deliverables."""
