"""Review sheets as files: one module per format."""
