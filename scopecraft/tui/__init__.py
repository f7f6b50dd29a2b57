"""The dashboard in the terminal, `sc top`: missions, their logs, files and changes, and a person's moves on keys."""
