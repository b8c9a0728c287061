"""`config.yaml`, typed, a module a block: the one declaration of each key. The whole is in `configuration`.

Scripts import the blocks that they are handed, and no others: so a changed default re-runs only what it can matter to.
"""
