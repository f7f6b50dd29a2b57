"""Worktrees and commits: the only home of git."""
