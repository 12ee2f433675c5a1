"""Functions of one number, with their derivatives and proved bounds."""
