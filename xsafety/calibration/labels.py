"""Labels of people on answers: the fold of what labellers returned."""

import hashlib


def answer_digest(query: str, answer: str) -> str:
    """What a label belongs to: the SHA-256 of query and answer, whoever answered and whoever judged it."""
    return hashlib.sha256(f"{query}\0{answer}".encode()).hexdigest()
