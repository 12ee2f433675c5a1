"""The experiments of the papers, each a command: `python -m tests.benchmarks.papers.NAME`."""
