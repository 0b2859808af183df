"""YAML as PyYAML reads it: yaml_documents.py INPUT OUTPUT. INPUT is a JSON list of texts; OUTPUT the list of {"value": ...}."""
import json
import sys

import yaml

if __name__ == '__main__':
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([{'value': yaml.safe_load(text)} for text in cases], target)
