"""Models in process, by transformers: their files, loading, prompts as tokens, answers."""
