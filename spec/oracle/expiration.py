"""How botocore reads an expiration: expiration.py INPUT OUTPUT.

INPUT is a JSON list of texts. OUTPUT is the list of results: `{seconds}` since 1970, or empty where dateutil, which botocore
leaves it to, refuses the text. A text without a zone is UTC here; botocore cannot compare one with its clock.
"""
import datetime
import json
import sys

import dateutil.parser


def read(text):
    try:
        found = dateutil.parser.parse(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=datetime.timezone.utc)
        return {'seconds': found.timestamp()}
    except (ValueError, OverflowError):
        return {}


def main(input_path, output_path):
    with open(input_path, encoding='ascii') as source:
        cases = json.load(source)
    with open(output_path, 'w', encoding='ascii') as target:
        json.dump([read(text) for text in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
