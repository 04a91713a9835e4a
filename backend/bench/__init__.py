"""The benchmark: measure this server and comparable ones on this machine."""
