"""Who begins next, and whether anybody may: pure decisions."""
