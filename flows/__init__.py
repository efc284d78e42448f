"""Prefect flows: the only part of Shuoshu that imports Prefect.

`flows.produce` makes a book, `flows.rerender` renders some lines anew, `flows.server` gives a run a Prefect server of
its own when none is configured. The work itself is `pipeline.produce`'s.

Importing this package keeps Prefect's own messages off the terminal, which belongs to the progress display: run logs go
to the server. Prefect reads these settings when it is imported, so they are made here, first; the user's own win.
"""

import os

for _name, _value in {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}.items():
    os.environ.setdefault(_name, _value)
