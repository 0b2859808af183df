"""How Python's urllib.parse encodes texts: quote.py INPUT OUTPUT.

INPUT is a JSON list of strings; OUTPUT the list of {"query", "form", "trace_id"}. botocore encodes X-Amzn-Trace-Id with the last
(botocore.handlers.add_recursion_detection_header).
"""
import json
import sys
from urllib.parse import quote, quote_plus


def encode(text):
    return {'query': quote(text, safe=''), 'form': quote_plus(text), 'trace_id': quote(text, safe='-=;:+&[]{}"\',')}


if __name__ == '__main__':
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([encode(text) for text in cases], target)
