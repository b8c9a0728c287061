"""The demo's toy models."""
