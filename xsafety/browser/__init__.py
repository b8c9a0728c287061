"""Work in the browser: a person's queue, the page on it, and how what was said there becomes evidence.

The pages run in an environment of their own (.venv-review); `answers`, `breaks` and `changes`, too, need nothing of the
other.
"""
