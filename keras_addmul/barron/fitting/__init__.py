"""From a smooth function to rectified power units within a tolerance."""
