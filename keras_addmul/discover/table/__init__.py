"""Reads a file, a frame or arrays into clean columns of numbers."""
