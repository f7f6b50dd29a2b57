"""The nouns: frozen values without any input or output. Read these first."""
