"""From a file or arrays to columns of numbers that can be searched."""
