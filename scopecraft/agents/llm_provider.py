"""Asking a model once, through its provider's own client library. Who that is, is decided by the agent's dialect."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import cast

from scopecraft.agents.llm_failure import place_of
from scopecraft.agents.llm_outcome import Answer, Failure, Hearing, Question, Retry
from scopecraft.errors import BadInput, CredentialsMissing

BROKEN_RETRIES = 2  # of an answer that broke off: the libraries try again only what has not begun
BROKEN_PAUSE_SECONDS = 0.5
MOST_ANSWER_CHARACTERS = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Provider:
    """`module` has an `ask(question, hearing)`; the first of the variables that is set is the key."""

    name: str
    title: str
    module: str
    key_names: tuple[str, ...]
    token_names: tuple[str, ...]
    base_url_name: str
    default_model: str
    # what the provider's agent calls its models, and its API does not
    aliases: tuple[tuple[str, str], ...] = ()


PROVIDERS: dict[str, Provider] = {
    "anthropic": Provider(
        name="anthropic",
        title="Anthropic",
        module="scopecraft.agents.llm_anthropic",
        key_names=("ANTHROPIC_API_KEY",),
        token_names=("ANTHROPIC_AUTH_TOKEN",),
        base_url_name="ANTHROPIC_BASE_URL",
        default_model="claude-sonnet-5-5",
        aliases=(
            ("fable", "claude-fable-5-2"),
            ("opus", "claude-opus-5-5"),
            ("sonnet", "claude-sonnet-5-5"),
            ("haiku", "claude-haiku-5-5"),
        ),
    ),
    "openai": Provider(
        name="openai",
        title="OpenAI",
        module="scopecraft.agents.llm_openai",
        key_names=("OPENAI_API_KEY", "CODEX_API_KEY"),
        token_names=(),
        base_url_name="OPENAI_BASE_URL",
        default_model="gpt-6.2-sol",
    ),
}
_OF_DIALECT = {"claude": "anthropic", "codex": "openai"}


def provider_of(dialect: str, agent: str) -> Provider:
    """BadInput for an agent whose dialect has no provider that can be asked without it."""
    name = _OF_DIALECT.get(dialect)
    if name is None:
        raise BadInput(
            f"{agent} speaks {dialect}, and no model can be asked by that without its agent",
            f"for a step of type llm name an agent that speaks {' or '.join(_OF_DIALECT)}",
        )
    return PROVIDERS[name]


def question_of(
    provider: Provider, prompt: str, model: str | None, effort: str | None, environment: Mapping[str, str]
) -> Question:
    """With the key and the address that are in the environment. Raises CredentialsMissing."""
    key = next((environment[name] for name in provider.key_names if environment.get(name)), None)
    token = next((environment[name] for name in provider.token_names if environment.get(name)), None)
    if key is None and token is None:
        names = (*provider.key_names, *provider.token_names)
        raise CredentialsMissing(
            f"{provider.title} cannot be asked without a key: none of {', '.join(names)} is set",
            f"set {names[0]} in the environment, or write it into config/secrets.env of the home",
        )
    return Question(
        provider=provider.name,
        model=model_named(provider, model),
        prompt=prompt,
        base_url=environment.get(provider.base_url_name) or None,
        effort=effort,
        key=key,
        token=None if key else token,
    )


def model_named(provider: Provider, model: str | None) -> str:
    """As the provider's API calls it; its default where none is named."""
    if not model:
        return provider.default_model
    plain = model.removesuffix("[1m]")  # how Claude Code asks for the long context, which the API gives by itself
    return dict(provider.aliases).get(plain.lower(), plain)


def ask(question: Question, hearing: Hearing, *, pause_seconds: float = BROKEN_PAUSE_SECONDS) -> Answer | Failure:
    """The answer, or why there is none that is of use. Blocks; what a signal's handler raises goes through.

    The library tries again what the server did not take; an answer that breaks off is asked for anew here.
    """
    provider = PROVIDERS[question.provider]
    once = cast("Callable[[Question, Hearing], Answer | Failure]", import_module(provider.module).ask)
    for attempt in range(1, BROKEN_RETRIES + 2):
        outcome = once(question, hearing)
        if isinstance(outcome, Answer) or not outcome.is_broken or attempt > BROKEN_RETRIES:
            break
        pause = pause_seconds * 2 ** (attempt - 1)
        hearing.retried(Retry(attempt, BROKEN_RETRIES, outcome.status, outcome.text, pause))
        time.sleep(pause)
    return outcome


def endless(question: Question) -> Failure:
    return Failure(f"the answer of {question.model} is longer than {MOST_ANSWER_CHARACTERS:,} characters")


def formless(question: Question, title: str) -> Failure:
    """Of an answer that holds nothing that the library knows: another kind of server, most likely."""
    place = place_of(question)
    return Failure(f"what answered at {place} does not speak like {title}: is the address right?")


def judged(answer: Answer, title: str) -> Answer | Failure:
    """The answer, unless it is of no use: half a document is worse than none, since it looks like one."""
    why = _useless(answer, title)
    return answer if why is None else replace(why, answer=answer)


def _useless(answer: Answer, title: str) -> Failure | None:
    if answer.stop_reason == "max_tokens":
        said = f"{answer.model} was cut off after {answer.usage.output_tokens:,} tokens of output, the most that it may"
        return Failure(said, stop_reason="max_tokens")
    if answer.stop_reason == "refusal":
        why = f": {answer.explanation}" if answer.explanation else ""
        return Failure(f"{answer.model} refused to answer{why}", stop_reason="refusal")
    if answer.stop_reason == "model_context_window_exceeded":
        return Failure(f"the input and the answer are longer than what {answer.model} can hold", stop_reason="error")
    if answer.stop_reason != "end_turn":
        return Failure(f"{title} ended the answer of {answer.model} without finishing it: {answer.stop_reason}")
    if not answer.text.strip():
        return Failure(f"{answer.model} answered with nothing")
    return None
