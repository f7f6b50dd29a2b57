"""HTTP: what programs ask for, and the one WebSocket that tells what happens. Pages are `scopecraft.web`."""
