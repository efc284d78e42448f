"""Shuoshu (说书): a manuscript goes in, a mastered audiobook comes out.

Data flows one way through the rooms of this package::

    manuscript -> script -> cast -> takes -> masters

`pipeline` knows nothing of Prefect, the command line or any web page; `pipeline.produce` runs the whole
chain from plain Python.
"""

__version__ = "0.1.0"
