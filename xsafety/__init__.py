"""XSafety: build, extend and audit a multilingual safety benchmark (Wang et al., arXiv 2310.00905)."""
