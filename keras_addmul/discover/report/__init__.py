"""What is said of a formula that was found: scores, sentences, pages and pictures."""
