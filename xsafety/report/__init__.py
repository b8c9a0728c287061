"""Counts, tables, usage and the page that shows them."""
