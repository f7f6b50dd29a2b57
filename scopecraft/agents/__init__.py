"""Dialects: how an agent's program is called and what its lines mean. One file each."""
