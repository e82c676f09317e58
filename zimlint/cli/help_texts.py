"""What ``--help`` says around the options: of the whole, and of each command.

Invariant: no line is longer than 80 columns.
"""

from __future__ import annotations

ABOUT_LINT = """\
Lint a Zimbra mail server's firewall: which packets get in, and should they?

first steps:
  zimlint /etc/ufw            lint this host as ufw would load it
  zimlint rules.v4 rules.v6   lint two dumps of one host
  zimlint hosts/              lint every host below a folder
  zimlint explain ID          why the finding error[ID] matters, what to do
  zimlint init PATH           write a first site file: your networks, roles"""

ABOUT = {
    "baseline": "Write down what is found now, so that --baseline FILE reports only what is new.",
    "checks": "List the checks with their severities.",
    "completion": "Print the completion script of a shell.",
    "explain": "Say what a check looks for, why, and what to do about it.",
    "exposure": "Draw who reaches which service of a host, and by which line.",
    "init": "Write a first .zimlint.yaml beside what lies at PATH; never overwrites one.",
    "ports": "List the ports that Zimbra uses and who may reach them.",
    "schema": "Print the JSON Schema of .zimlint.yaml, for editors.",
    "trace": "Say what becomes of one packet, line by line.",
}

AFTER_LINT = """\
commands ('zimlint COMMAND --help' says more):
  explain ID        why a check matters and what to do
  exposure PATH     draw who reaches which service
  trace PATH        follow one packet
  baseline PATH     write down what is known
  init PATH         write a first site file
  checks            list the checks
  ports             list the Zimbra ports
  schema            the JSON Schema of the site file
  completion SHELL  the completion of bash, zsh or fish
A file that is called like a command is reached as ./checks.

to accept a finding:
  # zimlint: allow ID: reason           in a line of its own above the line
  ufw allow ... comment 'zimlint: allow ID reason'
  ignore: [{check: ID, path: hosts/mail1, reason: why}]   in the site file
  severity: {ID: off}                   in the site file, for all hosts
To accept all that there is now and hear only of what is new:
  zimlint baseline hosts/ > .zimlint-baseline.json
  zimlint hosts/ --baseline .zimlint-baseline.json

examples:
  ssh mail1 ufw status verbose | zimlint -
  zimlint --fail-on error --format json hosts/mail1
  zimlint hosts/ --format sarif --output zimlint.sarif --format text
  zimlint trace /etc/ufw --packet 'tcp 203.0.113.9 -> :7071 in eth0'

The site file .zimlint.yaml is the nearest one from each file upward.

exit status: 0 nothing at or above the threshold, 1 findings, 2 something could
not be read or the configuration is wrong, 70 a bug in zimlint
"""

AFTER_BASELINE = """\
Paths in the baseline are told from the folder that it lies in: redirect
standard output into a file of the current folder, or name the file with
--output. A known finding that no longer occurs is told with every run;
--prune FILE takes such out of FILE, and never adds a new one.
"""

AFTER_COMPLETION = """\
bash: source <(zimlint completion bash)       in ~/.bashrc
zsh:  zimlint completion zsh > DIR/_zimlint   DIR is one of $fpath
fish: zimlint completion fish > ~/.config/fish/completions/zimlint.fish
"""

AFTER_TRACE = """\
packets:
  'tcp 203.0.113.9 -> :7071 in eth0'   any address of the host, state new
  'udp 203.0.113.9:53 -> 192.0.2.10:11211 in eth0 established'
  'tcp [2001:db8::9]:40000 -> [2001:db8::1]:25'
  'icmp 203.0.113.9 -> host type 8'

Left out: to an address of the host, from port 40000, in eth0, new. A line of
--packets is a JSON object with family, proto, src, dst, sport, dport, in,
state, icmp_type and id; every line gets one JSON line as its answer.
"""


def folded(text: str, width: int) -> str:
    """A text that is set by hand for 80 columns, for a terminal of fewer: what stands in a column hangs in it."""
    if all(len(line) <= width for line in text.splitlines()):
        return text
    import re
    import textwrap

    prose = re.sub(r"(?m)^((?!.*  )\S.*[^.:\n])\n(?=\S)", r"\1 ", text)
    found: list[str] = []
    for line in prose.splitlines():
        column = re.match(r".*\S  +(?=\S)", line)
        margin = len(line) - len(line.lstrip())
        hanging = len(column[0]) if column and len(column[0]) <= width // 2 else margin + 4 if margin else 0
        found += textwrap.wrap(line, width, subsequent_indent=" " * hanging, break_on_hyphens=False) or [""]
    return "\n".join(found) + "\n"
