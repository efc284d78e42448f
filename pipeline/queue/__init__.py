"""The catalogue by night: which books wait (queue.yaml), when they may be made, how long they take, and what became of
them by the morning.

Nothing here starts anything by the clock: Prefect does (`flows.overnight`). A night itself is plain Python (`night.work`).
"""
