"""Dangerous operations on a repository, and on the checks that guard it."""

from __future__ import annotations

import re

from scopecraft.streams.danger_rule import BEGIN, REST, Rule, anywhere, command

GIT_RULES: tuple[Rule, ...] = (
    Rule(
        "danger_force_push",
        "it pushes over what others may have, or removes a branch there",
        ("push",),
        command(rf"""
            git\b {REST} \b push\b {REST} [ \t]
            (?: --force (?:-with-lease|-if-includes)? \b | -\w*f\w* \b | --mirror\b | --delete\b | -d\b
              | \+[\w/] | :[\w/] )
        """),
    ),
    Rule(
        "danger_rewrites_history",
        "it rewrites history for good",
        ("filter-branch", "filter-repo", "reflog", "update-ref", "--prune"),
        command(rf"""
            git\b {REST} \b
            (?: filter-branch | filter-repo | reflog [ \t]+ (?:expire|delete) | update-ref [ \t]+ (?:-\S+ [ \t]+)* -d
              | gc\b {REST} --prune=(?:now|all) ) \b
        """),
    ),
    Rule(
        "danger_git_settings",
        "it changes a setting of git that runs programs, hands out credentials or turns off checks",
        ("config", "git -c"),
        command(
            rf"""
            git\b {REST}
            (?: \b config\b (?! {REST} [ \t] (?:--get\S*|get|--unset\S*|unset|--list|-l|list) \b ) {REST} [ \t]
              | [ \t] -c [ \t]* )
            (?: core\.(?:hookspath|fsmonitor|sshcommand|gitproxy|pager|editor|askpass) | credential\.\S+ | filter\.\S+
              | alias\.\w+ | diff\.\S+\.(?:textconv|command) | diff\.external | url\.\S+\.(?:pushinsteadof|insteadof)
              | include(?:if)?\.\S+ | http\.(?:\S+\.)?(?:proxy|sslverify) | gpg\.\S*program | sequence\.editor
              | protocol\.\S+ )
            (?: [ \t]+ | = ) [^\s;&|<>]
            """,
            re.IGNORECASE,
        ),
    ),
    Rule(
        "danger_git_hooks",
        "it writes hooks or settings of git",
        (".git",),
        anywhere(rf"""
            (?: > [ \t]*
              | {BEGIN} (?: tee|cp|mv|ln|install|touch|chmod|rm | sed [ \t]+ (?:-\S+ [ \t]+)* -i\S* )
                [ \t]+ (?: {REST} [ \t] )? )
            \S* \.git/ (?: hooks\b | config\b | info/attributes\b | modules/\S*(?:hooks|config) )
        """),
        written=re.compile(r"(?:^|/)\.git(?:/(?:hooks/|config$|config\.worktree$|info/attributes$|modules/)|$)"),
    ),
    Rule(
        "danger_skips_checks",
        "it turns off a check",
        ("--no-verify", "commit", "husky", "tls_reject", "ssl_no_verify", "strict-ssl"),
        anywhere(rf"""
            {BEGIN} git\b {REST} [ \t] --no-verify\b
          | {BEGIN} git\b {REST} \b commit\b {REST} [ \t] -[a-zA-Z]*n[a-zA-Z]* (?=[ \t\n]|$)
          | \b (?:HUSKY|NODE_TLS_REJECT_UNAUTHORIZED)=0\b | \b HUSKY_SKIP_HOOKS=1\b | \b GIT_SSL_NO_VERIFY=(?:1|true)\b
          | \b config [ \t]+ (?:set [ \t]+)? strict-ssl [ =]+ false\b
        """),
    ),
)
