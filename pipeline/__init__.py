"""Shuoshu (说书): a manuscript goes in, a mastered audiobook comes out.

Data flows one way through the rooms of this package::

    manuscript -> script -> cast -> takes -> masters

`pipeline` knows nothing of Prefect, the command line or any web page; `pipeline.produce` runs the whole
chain from plain Python.
"""

import os

__version__ = "0.1.0"

# Our matrices are small: threads of numpy's BLAS spin against the work of other processes and make reading 3 to 7 times
# slower on a busy machine. One process works on each core instead. Read when numpy is imported; PyTorch has its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
