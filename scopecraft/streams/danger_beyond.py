"""Dangerous operations beyond the machine: secrets, data and what runs elsewhere."""

from __future__ import annotations

import re

from scopecraft.streams.danger_rule import BEGIN, REST, SECRET_FILE, Rule, anywhere, command

_SENDERS = r"(?:curl|wget|nc|ncat|netcat|socat|https?|scp|rsync)"
# Programs to which such a file is only a place, or that log in with it without showing it
_HARMLESS = (
    r"(?:ls|mkdir|chmod|chown|test|\[|stat|touch|rm|rmdir|ssh-keygen|ssh|ssh-add|scp|rsync|git|echo|printf|cd|find)"
)

BEYOND_RULES: tuple[Rule, ...] = (
    Rule(
        "danger_reads_credentials",
        "it reads keys, passwords or logins",
        (
            *(".ssh/", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "credentials", "gcloud", ".docker/", ".kube/"),
            *(".netrc", ".pypirc", ".gnupg", "auth.json", "/etc/shadow", "/environ", "/run/secrets"),
        ),
        anywhere(
            rf"{BEGIN} (?! {_HARMLESS} (?=[ \t]) ) [\w./-]+ (?=[ \t<]) {REST} [ \t=@<~/] [^\s;&|]*? {SECRET_FILE}"
        ),
        named=anywhere(SECRET_FILE),
    ),
    Rule(
        "danger_sends_secrets",
        "it sends keys, passwords or its environment to another machine",
        ("curl", "wget", "nc ", "ncat", "netcat", "scp", "rsync", "socat", "http"),
        anywhere(rf"""
            \b {_SENDERS}\b [^\n;|]*? [@<=\s] (?<! -i[ ] ) [\w~$/.{{}}-]*?
            (?: {SECRET_FILE} | (?<=[/@=\s<]) \.env (?:\.\w+)? (?=[\s;]|$) | \b secrets?\.(?:env|json|ya?ml|toml)\b )
          | \b (?:printenv|env|set|export [ \t]+ -p) [ \t]* \| [^\n;]* \b {_SENDERS}\b
          | \b (?:curl|wget)\b [^\n;|]* (?:\$\(|`) [ \t]* (?:printenv|env|set) [ \t]* [|)`]
          | {SECRET_FILE} [^\n;]* \| [^\n;]* \b {_SENDERS}\b
        """),
    ),
    Rule(
        "danger_remote_shell",
        "it opens a shell to another machine",
        ("/dev/tcp/", "/dev/udp/", "nc ", "ncat ", "netcat ", "socat "),
        anywhere(rf"""
            \b \w*sh [ \t]+ -i\b [^\n;]* /dev/(?:tcp|udp)/
          | {BEGIN} (?:nc|ncat|netcat)\b {REST} [ \t] (?: -\w*[ec] | --exec ) [ \t]
          | {BEGIN} socat\b [^\n;]* \b (?:EXEC|SYSTEM):
        """),
    ),
    Rule(
        "danger_drops_database",
        "it drops or empties a whole database",
        ("drop", "flushall"),
        anywhere(
            rf"""
            \b drop \s+ (?:database|schema) \s+ (?! (?: if \s+ exists \s+ )? ["'`]? \w*test ) \w
          | {BEGIN} dropdb\b (?! {REST} test ) | \b dropDatabase\( | \b redis-cli\b {REST} \b flushall\b
            """,
            re.IGNORECASE,
        ),
    ),
    Rule(
        "danger_destroys_infrastructure",
        "it takes down something that runs elsewhere",
        (
            *("terraform", "tofu", "terragrunt", "pulumi", "kubectl", "oc ", "helm", "aws ", "gcloud", "az ", "gh "),
            *("heroku", "flyctl"),
        ),
        command(rf"""
            (?:terraform|tofu|terragrunt)\b {REST} [ \t] -?destroy (?=\s|$)
          | pulumi [ \t]+ (?: destroy | stack [ \t]+ rm ) \b
          | (?:kubectl|oc)\b {REST} [ \t] (?:delete|drain)\b (?! {REST} --dry-run )
          | helm [ \t]+ (?:uninstall|delete)\b
          | aws [ \t]+ s3 [ \t]+ (?:rb|rm)\b {REST} --(?:force|recursive)\b
          | aws\b {REST} [ \t] (?:terminate|delete)-[\w-]+
          | (?:gcloud|az)\b {REST} [ \t] delete\b | gh [ \t]+ repo [ \t]+ delete\b | heroku [ \t]+ apps:destroy\b
          | flyctl [ \t]+ apps [ \t]+ destroy\b
        """),
    ),
    Rule(
        "danger_publishes",
        "it publishes something that cannot be taken back",
        ("publish", "twine", "gem push", "docker push", "podman push", "gh release"),
        command(rf"""
            (?:npm|pnpm|yarn|cargo|poetry|uv|flit|hatch) [ \t]+ (?:-\S+ [ \t]+)* publish\b (?! {REST} --dry-run )
          | twine [ \t]+ upload\b | gem [ \t]+ push\b | (?:docker|podman) [ \t]+ push\b
          | gh [ \t]+ release [ \t]+ create\b
        """),
    ),
)
