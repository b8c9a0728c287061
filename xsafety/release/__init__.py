"""A release of the data set that others can trust, cite and rebuild to the byte; what a run rests on."""
