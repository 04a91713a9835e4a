"""Carry lines over connections: detached, on ASGI or as Server-Sent Events; parse frames, check deadlines."""
