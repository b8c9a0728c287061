"""Drafts: from the translation memory, the journal, a translation service or a model."""
