"""Writes manual pages from what a program says of itself: manual.py PROGRAM FOLDER VERSION DATE. One is of the program, and one of
each of its subcommands."""

import json
import subprocess
import sys
from pathlib import Path

# What else to read.
RELATED = {"client": "server forwarder health", "server": "client forwarder keygen", "forwarder": "client server routes faces"}


def described(program):
    """The program's commands as its argument parser describes them."""
    done = subprocess.run([program, "--experimental-dump-help"], capture_output=True, text=True, check=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin"})
    return json.loads(done.stdout)["command"]


def escaped(text):
    """As roff shows it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.splitlines())


def written(argument):
    """An option with its value, or an argument, as it is typed."""
    value = f"\\fI{escaped(argument.get('valueName', ''))}\\fR"
    if argument["kind"] == "positional":
        return value
    names = [f"\\fB\\-\\-{escaped(name['name'])}\\fR" if name["kind"] == "long" else f"\\fB\\-{escaped(name['name'])}\\fR"
             for name in argument["names"]]
    return ", ".join(names) + (f" {value}" if argument["kind"] == "option" else "")


def meaning(argument):
    text = argument.get("abstract", "")
    values = argument.get("allValues")
    default = argument.get("defaultValue")
    if values and "values:" not in text:
        text += f" (values: {', '.join(values)})"
    if default and "default" not in text:
        text += f" (default: {default})"
    return escaped(text.strip() or "See above.")


def described_arguments(command):
    shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    for argument in sorted(shown, key=lambda one: one["kind"] != "positional"):
        yield ".TP"
        yield written(argument)
        yield meaning(argument)


def children(command):
    return [child for child in command.get("subcommands", []) if child["commandName"] != "help"]


def synopsis(words, command):
    positional = [argument for argument in command.get("arguments", []) if argument["kind"] == "positional"]
    rest = " ".join(written(argument) + (" ..." if argument["isRepeating"] else "") for argument in positional)
    return f".B {escaped(' '.join(words))}\n[\\fIoptions\\fR] {rest}".rstrip()


def page(words, command, version, date, others):
    name = "-".join(words)
    yield f'.TH {escaped(name.upper())} 1 "{date}" "{version}" "User Commands"'
    yield f".SH NAME\n{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}"
    yield ".SH SYNOPSIS"
    below = children(command)
    yield f".B {escaped(' '.join(words))}\n\\fIsubcommand\\fR ..." if below else synopsis(words, command)
    if command.get("discussion"):
        yield f".SH DESCRIPTION\n{escaped(command['discussion'])}"
    if below and len(words) == 1:
        yield ".SH SUBCOMMANDS"
        for child in below:
            yield f".TP\n.BR {escaped(name)}\\-{escaped(child['commandName'])} (1)\n{escaped(child.get('abstract', ''))}"
    elif below:
        for child in below:
            yield f".SH {escaped(' '.join(words[1:] + [child['commandName']])).upper()}"
            yield f"{synopsis([*words, child['commandName']], child)}\n.PP\n{escaped(child.get('abstract', ''))}"
            if child.get("discussion"):
                yield f".PP\n{escaped(child['discussion'])}"
            yield from described_arguments(child)
    else:
        yield ".SH OPTIONS"
        yield from described_arguments(command)
    if words[1:] and words[1] in ("client", "server", "forwarder"):
        yield (".SH ENVIRONMENT\nEvery option may be given by a variable: DOCKER_NDN_ and its name in capitals, with _ for \\-, as "
               "DOCKER_NDN_LOG=debug for \\-\\-log debug. The command line goes first.")
    yield ".SH EXIT STATUS\n0 when it did what it was asked for, 1 when it failed, 64 when it was called wrongly."
    if others:
        yield ".SH SEE ALSO"
        yield ",\n".join(f".BR {escaped(other)} (1)" for other in others)


def main():
    program, folder = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
    version, date = sys.argv[3], sys.argv[4]
    command = described(program)
    name = command["commandName"]
    pages = {(name,): (command, [])}
    for child in children(command):
        others = [name] + [f"{name}-{word}" for word in RELATED.get(child["commandName"], "").split()]
        pages[(name, child["commandName"])] = (child, others)
    for words, (command, others) in pages.items():
        text = "\n".join(page(list(words), command, f"{name} {version}", date, others)) + "\n"
        (folder / f"{'-'.join(words)}.1").write_text(text)


if __name__ == "__main__":
    main()
