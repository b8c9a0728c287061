"""Responses: prompting methods, a model's requests, and the rows of its responses."""
