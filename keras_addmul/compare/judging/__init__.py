"""From scores to verdicts, with the statistics of scipy and statsmodels."""
