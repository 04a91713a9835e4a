"""Say which version of Alcove this is; the only place that does."""

#: The version, also of the distribution `alcove-rooms`: hatchling reads it here.
VERSION = "0.1.0"
