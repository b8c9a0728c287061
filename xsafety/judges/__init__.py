"""Judges: what turns a response into a verdict, one module each."""
