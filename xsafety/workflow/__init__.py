"""What the Snakefile needs beside the stages."""
