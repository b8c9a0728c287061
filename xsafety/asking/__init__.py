"""Asking: requests to an engine, answers into the journal, results from the journal."""
