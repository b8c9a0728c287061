"""A team's Weblate server as a front end of verification."""
