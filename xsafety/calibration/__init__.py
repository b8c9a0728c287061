"""Labels of people on answers, and how good judges are by them."""
