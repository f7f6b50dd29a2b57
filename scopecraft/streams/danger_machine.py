"""Dangerous operations on the machine that an agent works on."""

from __future__ import annotations

import re

from scopecraft.streams.danger_rule import BEGIN, REST, SHELL, Rule, anywhere, command
from scopecraft.streams.removals import removes_everything, removes_outside

MACHINE_RULES: tuple[Rule, ...] = (
    Rule(
        "danger_removes_everything",
        "it removes the root folder, a folder of the system or a whole home folder",
        ("rm", "find"),
        judge=removes_everything,
    ),
    Rule(
        "danger_removes_outside",
        "it removes a folder that is not in its worktree",
        ("rm",),
        judge=removes_outside,
    ),
    Rule(
        "danger_overwrites_disk",
        "it writes to a disk itself",
        ("mkfs", "of=", "wipefs", "shred", "> /dev/", ">/dev/", "parted", "fdisk"),
        anywhere(rf"""
            {BEGIN} (?: mkfs(?:\.\w+)? [ \t] | wipefs [ \t] | s?fdisk [ \t]+ /dev/ | parted [ \t] | shred\b {REST} /dev/
                      | dd\b {REST} \b of=/dev/ (?!null|zero|stdout|stderr|fd) )
          | > [ \t]* /dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|mapper)
        """),
    ),
    Rule(
        "danger_fork_bomb",
        "it starts copies of itself without end",
        ("|",),
        anywhere(r"""
            (?P<name>[\w:.]{1,40}) [ \t]* \( [ \t]* \) [ \t]* \{
            [^}]* (?P=name) [ \t]* \| [ \t]* (?P=name) [ \t]* &
        """),
    ),
    Rule(
        "danger_becomes_root",
        "it becomes root",
        ("sudo", "doas", "pkexec", "su ", "su\n"),
        command(r"(?:sudo|doas|pkexec) [ \t]+ [-\w/] | su (?: [ \t]+ -[lc]? (?=\s|$) | [ \t]+ root\b )"),
    ),
    Rule(
        "danger_opens_permissions",
        "it lets everybody write to a whole folder",
        ("chmod",),
        command(rf"""
            chmod\b (?= {REST} [ \t] (?: -\w*R | --recursive ) ) {REST} [ \t]
            (?: [0-7]?[0-7][0-7][2367] | [ugo]*[ao]\+[rxX]*w[rxX]* ) (?=[ \t]|$)
        """),
    ),
    Rule(
        "danger_container_engine",
        "it reaches for the container engine's socket, or for a container without walls",
        (".sock", "--privileged", "nsenter", "docker", "podman", "nerdctl"),
        anywhere(rf"""
            /(?:docker|podman|containerd)\.sock\b | {BEGIN} nsenter [ \t]
          | {BEGIN} (?:docker|podman|nerdctl)\b {REST} [ \t]
            (?: --privileged\b | --(?:pid|ipc|userns)[ =]host\b | (?:-v|--volume) [ =]? /: )
        """),
        written=re.compile(r"/(?:docker|podman|containerd)\.sock$"),
        named=re.compile(r"/(?:docker|podman|containerd)\.sock$"),
    ),
    Rule(
        "danger_starts_by_itself",
        "it sets up something that starts by itself later",
        (
            *("crontab", "systemctl", "systemd", "/etc/", "launchctl", "bashrc", "profile", "zshrc", "zshenv"),
            *("authorized_keys", "autostart"),
        ),
        anywhere(rf"""
            {BEGIN} crontab\b (?! {REST} [ \t] -l\b )
          | {BEGIN} (?: systemd-run | launchctl [ \t]+ (?:load|bootstrap) ) [ \t]
          | {BEGIN} systemctl\b {REST} [ \t] (?:enable|link|edit)\b
          | (?: > [ \t]* | {BEGIN} (?:tee|cp|mv|ln|install)\b {REST} [ \t] ) \S*
            (?: /etc/cron | /systemd/(?:system|user)/ | \.bashrc\b | \.(?:bash_)?profile\b | \.zshrc\b | /etc/rc\.local
              | /autostart/ | authorized_keys\b )
        """),
        written=re.compile(
            r"^/etc/(?:cron|systemd/|rc\.local|init\.d/|profile)|/\.config/(?:systemd|autostart)/|/\.ssh/authorized_keys$"
            r"|(?:^|/)\.(?:bashrc|bash_profile|profile|zshrc|zshenv)$"
        ),
    ),
    Rule(
        "danger_kills_everything",
        "it ends every process, or the machine",
        ("kill", "shutdown", "reboot", "poweroff", "halt", "init "),
        command(rf"""
            kill [ \t]+ (?: -s [ \t]+ \w+ | -\w+ | -- ) [ \t]+ (?: -- [ \t]+ )? -1 (?=\s|$|[;&|)]) | killall5\b
          | (?:pkill|killall)\b {REST} [ \t] -u\b | pkill [ \t]+ (?:-\S+ [ \t]+)* \.\*? (?=\s|$)
          | (?:shutdown|reboot|poweroff|halt) (?=\s|$|[;&|]) | init [ \t]+ [06]\b
        """),
    ),
    Rule(
        "danger_pipes_to_shell",
        "it runs what it fetches or decodes, unseen",
        ("curl", "wget", "base64", "xxd"),
        anywhere(rf"""
            \b (?:curl|wget)\b [^\n;]* \| [ \t]* {SHELL}
          | \b (?:base64 [ \t]+ (?:-d|-D|--decode) | xxd [ \t]+ -r) \b [^\n;]* \| [ \t]* {SHELL}
          | \b (?:(?:ba|z|da)?sh|source) [ \t]+ (?:-\S+ [ \t]+)* <\( [ \t]* (?:curl|wget)\b
          | (?:^|[\n;&|]) [ \t]* \. [ \t]+ <\( [ \t]* (?:curl|wget)\b
          | (?: \b eval | \b (?:ba|z|da)?sh [ \t]+ -\w*c ) \s+ (?:\$\(|`) [ \t]* (?:curl|wget|base64)\b
        """),
    ),
)
