"""``zimlint completion SHELL``: a script that completes commands, options, formats, ids of checks and files.

The scripts hold all words: completing starts no zimlint.

Invariant: they are made of the parsers, so that an option which exists is completed.
"""

from __future__ import annotations

from collections.abc import Iterator

from zimlint import __version__
from zimlint.cli.output import say
from zimlint.cli.status import CLEAN
from zimlint.cli.synopsis import Command, Operand, Option, commands


def run_completion(shell: str) -> int:
    """Print the script of this shell."""
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands())
    say("\n".join(lines) + "\n")
    return CLEAN


_BASH_HEAD = """\
# bash completion of zimlint {version}: source <(zimlint completion bash)
_zimlint() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local command="" options="" words="" files=""
    # --option=value is three words for bash
    if [[ $current == "=" ]]; then current=""
    elif [[ $before == "=" ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    if ((COMP_CWORD > 1)); then case ${{COMP_WORDS[1]}} in
        {names}) command=${{COMP_WORDS[1]}} ;;
    esac; fi
    case "$command $before" in"""
_BASH_TAIL = """\
    esac
    COMPREPLY=()
    local IFS=$'\\n' word
    while read -r word; do COMPREPLY+=("$word"); done < <(
        if [[ $current == -* ]]; then compgen -W "${options// /$IFS}" -- "$current"
        else compgen -W "${words// /$IFS}" -- "$current"; fi
        if [[ $files && $current != -* ]]; then compgen -f -- "$current"; fi)
    if [[ $files ]]; then compopt -o filenames 2>/dev/null; fi
    return 0
}
complete -F _zimlint zimlint"""


def _bash(known: tuple[Command, ...]) -> Iterator[str]:
    names = [command.name for command in known if command.name]
    yield _BASH_HEAD.format(version=__version__, names="|".join(names))
    cases: dict[str, list[str]] = {}
    for command in known:
        for option in command.options:
            if option.operand is not None:
                cases.setdefault(_bash_words(option.operand), []).extend(f'"{command.name} {n}"' for n in option.names)
    yield from (f"        {'|'.join(found)}) {words} ;;" for words, found in cases.items())
    yield '        *) case "$command" in'
    for command in known:
        options = " ".join(name for option in command.options for name in option.names)
        found = _bash_words(command.operand) if command.operand else ":"
        if not command.name:
            found += f'; if ((COMP_CWORD == 1)); then words="{" ".join(names)}"; fi'
        yield f"""            "{command.name}") options="{options}"; {found} ;;"""
    yield "        esac ;;"
    yield _BASH_TAIL


def _bash_words(operand: Operand) -> str:
    if operand.words:
        return f'words="{" ".join(operand.words)}"'
    return "files=1" if operand.is_file else ":"


_ZSH_HEAD = """\
#compdef zimlint
# zsh completion of zimlint {version}: zimlint completion zsh > DIR/_zimlint, DIR being one of $fpath
_zimlint() {{
  local -a commands
  commands=("""
_ZSH_FIRST = """\
  )
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _alternative 'commands:command:{{ _describe command commands }}' 'files:file:_files'
    return
  fi
  case $words[2] in"""
_ZSH_TAIL = """\
  esac
}
if [[ $funcstack[1] == _zimlint ]]; then _zimlint "$@"; else compdef _zimlint zimlint; fi"""


def _zsh(known: tuple[Command, ...]) -> Iterator[str]:
    yield _ZSH_HEAD.format(version=__version__)
    yield from (f"    {_quoted(f'{command.name}:{command.about}')}" for command in known if command.name)
    yield _ZSH_FIRST.replace("{{", "{").replace("}}", "}")
    for command in (*known[1:], known[0]):
        yield f"    {command.name or '*'})"
        if command.name:  # what is completed are the words behind it
            yield "      shift words; (( CURRENT-- ))"
        yield "      _arguments -s -S \\"
        yield from (f"        {spec} \\" for option in command.options for spec in _zsh_option(option))
        if command.operand is not None:
            yield f"        {_quoted(('*' if command.many else '1') + _zsh_operand(command.operand))}"
        else:
            yield "        '*: :'"
        yield "      ;;"
    yield _ZSH_TAIL


def _zsh_option(option: Option) -> Iterator[str]:
    about = option.help.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    value = "" if option.operand is None else _zsh_operand(option.operand)
    others = "" if option.again else f"({' '.join(option.names)})"
    for name in option.names:
        sign = "=" if option.operand is not None and name.startswith("--") else ""
        yield _quoted(f"{'*' if option.again else others}{name}{sign}[{about}]{value}")


def _zsh_operand(operand: Operand) -> str:
    if operand.words:
        return f":{operand.name}:({' '.join(operand.words)})"
    return f":{operand.name}:{'_files -/' if operand.name == 'DIR' else '_files' if operand.is_file else ' '}"


_FISH_HEAD = """\
# fish completion of zimlint {version}: zimlint completion fish > ~/.config/fish/completions/zimlint.fish
function __zimlint_is -d 'whether the command line is of this command'
    set -l words (commandline -opc)
    set -l command ''
    if test (count $words) -gt 1; and contains -- $words[2] {names}
        set command $words[2]
    end
    test "$command" = "$argv[1]"
end
complete -c zimlint -f"""


def _fish(known: tuple[Command, ...]) -> Iterator[str]:
    yield _FISH_HEAD.format(version=__version__, names=" ".join(command.name for command in known if command.name))
    for command in known:
        if command.name:
            first = "-n 'test (count (commandline -opc)) -eq 1'"
            yield f"complete -c zimlint {first} -a {command.name} -d {_fish_quoted(command.about)}"
        when = f"complete -c zimlint -n '__zimlint_is \"{command.name}\"'"
        if command.operand is not None:
            yield f"{when} {_fish_operand(command.operand, '')}".rstrip()
        for option in command.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            value = "" if option.operand is None else f" {_fish_operand(option.operand, '-r ')}"
            yield f"{when} {names}{value} -d {_fish_quoted(option.help)}"


def _fish_operand(operand: Operand, required: str) -> str:
    if operand.words:
        return f"{required}-f -a '{' '.join(operand.words)}'"
    return f"{required}-F" if operand.is_file else f"{required}-f"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
