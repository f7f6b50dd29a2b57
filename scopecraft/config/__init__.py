"""Paths, settings, projects and agents."""
