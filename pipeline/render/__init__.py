"""Render: script + cast + store -> what must be rendered -> batches -> takes."""
