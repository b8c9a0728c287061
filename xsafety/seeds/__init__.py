"""Seed queries: one module per source of a data set; `dataset` is their register."""
