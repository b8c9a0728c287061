"""Verdicts: safe, unsafe or invalid on every response, and whether it refuses."""
