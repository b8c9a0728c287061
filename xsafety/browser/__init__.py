"""Review in the browser: a reviewer's queue, the page on it, and how the verdicts become evidence.

The page runs in an environment of its own (.venv-review); `answers`, `changes` and `page` need nothing of the other.
"""
