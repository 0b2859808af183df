"""The shapes of an operation's result in botocore's model of the service: shape.py INPUT OUTPUT.

INPUT is a JSON list of operation names; OUTPUT the list of their output shapes as nested objects: {"type": "structure",
"members": {...}}, {"type": "list" | "map", "element": ...}, {"type": "string" | "integer"} (a long is an integer, too).
"""
import json
import sys

import botocore.session


def describe(shape):
    if shape.type_name == 'structure':
        return {'type': 'structure', 'members': {name: describe(member) for name, member in shape.members.items()}}
    if shape.type_name == 'list':
        return {'type': 'list', 'element': describe(shape.member)}
    if shape.type_name == 'map':
        return {'type': 'map', 'element': describe(shape.value)}
    return {'type': {'long': 'integer'}.get(shape.type_name, shape.type_name)}


if __name__ == '__main__':
    model = botocore.session.Session().get_service_model('ivs')
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([describe(model.operation_model(name).output_shape) for name in cases], target)
