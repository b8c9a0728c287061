"""All rows of a build to look through: one SQLite file, and the page that serves it (`make explore`).

The page runs in .venv-review; `selection` and `page` need nothing of the other environment.
"""
