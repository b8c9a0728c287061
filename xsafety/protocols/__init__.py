"""Protocols of judges: one YAML file each says how a judge is asked and how what it says is read."""
