"""Reports a formula: scores, sentences, pages and pictures."""
