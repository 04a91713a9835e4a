"""How lines travel over a connection: detached, on ASGI or as Server-Sent Events; frames, deadlines, input limits."""
