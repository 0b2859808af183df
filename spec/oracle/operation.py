"""Operations of botocore's model of the service: operation.py INPUT OUTPUT.

INPUT is a JSON list of operation names. OUTPUT is the list of their descriptions: {"name", "method", "path", "signing_service",
"parameters": {NAME: {"type", "required", "minimum", "maximum"}}, "output": as in shape.py, "errors": sorted codes}.
"""
import json
import sys

import botocore.session
from shape import describe


def describe_parameters(shape):
    parameters = {}
    for name, member in shape.members.items():
        parameters[name] = {'type': member.type_name, 'required': name in shape.required_members}
        if member.type_name == 'integer':
            parameters[name].update(minimum=member.metadata['min'], maximum=member.metadata['max'])
    return parameters


def describe_operation(service, name):
    operation = service.operation_model(name)
    return {
        'name': name,
        'method': operation.http['method'],
        'path': operation.http['requestUri'],
        'signing_service': service.signing_name,
        'parameters': describe_parameters(operation.input_shape),
        'output': describe(operation.output_shape),
        'errors': sorted(error.name for error in operation.error_shapes),
    }


if __name__ == '__main__':
    model = botocore.session.Session().get_service_model('ivs')
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([describe_operation(model, name) for name in cases], target)
