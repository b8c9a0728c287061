"""Engines: each a small module with one function, requests in, completions out as they come.

Journal, receipts and progress live once, above them (`xsafety.asking.ask`).
"""
