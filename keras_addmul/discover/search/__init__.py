"""The search for a formula among stacks of the learnable operation."""
