"""Path norms, and the embeddings among Barron spaces."""
