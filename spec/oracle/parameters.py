"""What botocore says of the parameters of an operation: parameters.py INPUT OUTPUT.

INPUT is a JSON list of {"operation", "parameters"}; OUTPUT the list of the lists of problems, in botocore's words without the heading.
"""
import json
import sys

import botocore.session
from botocore.validate import ParamValidator

if __name__ == '__main__':
    model = botocore.session.Session().get_service_model('ivs')
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    results = []
    for case in cases:
        parameters = case['parameters'] or {}  # an empty table is written as an object or as a list
        report = ParamValidator().validate(parameters, model.operation_model(case['operation']).input_shape)
        results.append([line for line in report.generate_report().split('\n') if line])
    with open(sys.argv[2], 'w') as target:
        json.dump(results, target)
