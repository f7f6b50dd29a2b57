"""`sc completion`: what a shell runs once, so that Tab knows tasks, sessions, options and settings."""

from __future__ import annotations

import click

from scopecraft.cli.command import command

# Each asks `sc` itself, by the number of the word with the cursor and all words; see completing.py for the answers.
BASH = r"""
_sc_complete() {
    local answer kind word words=() open=
    COMPREPLY=()
    while IFS=$'\t' read -r kind word _; do
        case $kind in
        file) compopt -o default 2>/dev/null ;;
        folder) compopt -o dirnames 2>/dev/null ;;
        open) open=1 words+=("$word") ;;
        plain) words+=("$word") ;;
        esac
    done < <(_SC_COMPLETE=bash "$1" "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
    COMPREPLY=("${words[@]}")
    [ -z "$open" ] || compopt -o nospace 2>/dev/null
    # the order is ours: the newest first
    compopt -o nosort 2>/dev/null
    return 0
}
complete -F _sc_complete sc
"""
ZSH = r"""
#compdef sc
_sc_complete() {
    local line kind word text
    local -a plain open
    for line in "${(@f)$(_SC_COMPLETE=zsh "${words[1]}" $((CURRENT - 1)) "${(@)words}" 2>/dev/null)}"; do
        kind=${line%%$'\t'*} line=${line#*$'\t'}
        word=${line%%$'\t'*} text=${line#*$'\t'}
        case $kind in
        file) _files ;;
        folder) _files -/ ;;
        open) open+=("${word//:/\\:}:$text") ;;
        plain) plain+=("${word//:/\\:}:$text") ;;
        esac
    done
    [[ ${#plain} -eq 0 ]] || _describe -V sc plain
    [[ ${#open} -eq 0 ]] || _describe -V sc open -S ''
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _sc_complete "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D }
    compdef _sc_complete sc
fi
"""
FISH = r"""
function __sc_complete
    set -l before (commandline -opc)
    set -l now (commandline -ct)
    for line in (_SC_COMPLETE=fish $before[1] (count $before) $before "$now" 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case file
                __fish_complete_path "$now"
            case folder
                __fish_complete_directories "$now"
            case plain open
                printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end
complete --command sc --no-files --keep-order --arguments '(__sc_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@command(
    "completion",
    examples=(
        ('eval "$(sc completion bash)"', "in ~/.bashrc"),
        ('eval "$(sc completion zsh)"', "in ~/.zshrc, after compinit"),
        ("sc completion fish | source", "in ~/.config/fish/config.fish"),
    ),
)
@click.argument("shell", type=click.Choice(tuple(SCRIPTS)))
def completion(shell: str) -> None:
    """Print the lines that make SHELL complete commands, options, tasks, sessions, agents, projects and settings."""
    click.echo(SCRIPTS[shell].lstrip("\n"), nl=False)
