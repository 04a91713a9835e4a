"""Carriers: how the lines of a session travel over a socket."""
