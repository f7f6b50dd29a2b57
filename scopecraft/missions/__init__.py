"""Missions on disk."""
