"""The command line; it calls managers, never adapters."""
