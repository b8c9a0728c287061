"""The plan: what a run would ask, and what that takes."""
