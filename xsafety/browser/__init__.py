"""Work in the browser: a person's queue, the page on it, and how what was said there becomes evidence.

The pages run in an environment of their own (.venv-review); `answers`, `breaks`, `changes` and the pages need nothing of
the other.
"""
