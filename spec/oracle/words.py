"""How Python's shlex, with which botocore splits a credential_process, splits lines: words.py INPUT OUTPUT.

INPUT is a JSON list of strings; OUTPUT the list of results: {"words": [...]} or {"error": true}.
"""
import json
import sys

from botocore.compat import compat_shell_split


def split(line):
    try:
        return {'words': compat_shell_split(line)}
    except ValueError:
        return {'error': True}


if __name__ == '__main__':
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([split(line) for line in cases], target)
