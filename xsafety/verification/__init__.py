"""Human verification: returned sheets fold into a ledger; a gate decides which rows are verified."""
