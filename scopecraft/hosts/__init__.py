"""Where repositories are hosted: what their addresses say, and the clients of their interfaces."""
