"""The live rooms of this process."""
