"""A prompt as an argument of a program, where there is no other way to give it."""

from __future__ import annotations

from scopecraft.errors import BadInput

PROMPT_BYTES = 100_000  # Linux refuses an argument of 128 KiB


def prompt_argument(prompt: str) -> str:
    """The prompt, if it can be one. Raises BadInput."""
    if "\0" in prompt:
        raise BadInput("the prompt holds a NUL character", "give it as plain text")
    if len(prompt.encode("utf-8", "replace")) > PROMPT_BYTES:
        raise BadInput(
            f"a prompt for a dispatch session has at most {PROMPT_BYTES:,} bytes",
            "put it into a file of the worktree and name that file in the prompt",
        )
    return prompt
