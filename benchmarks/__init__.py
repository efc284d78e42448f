import pipeline  # noqa: F401 - before NumPy comes, so that its libraries find what they find in the product's own processes
