"""Define the version of Alcove; the distribution and the OpenAPI document read it here."""

#: The version, also of the distribution `alcove-rooms`: hatchling reads it here.
VERSION = "0.1.0"
