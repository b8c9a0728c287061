"""Analysis: verdicts counted, tables, rates with intervals, comparisons paired by seed, and what a plan can show."""
