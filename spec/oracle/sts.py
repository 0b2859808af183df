"""What botocore sends to STS: sts.py INPUT OUTPUT.

INPUT is a JSON list of cases of two kinds. `{action, parameters}` (name to text; DurationSeconds a number): the result is
`{body}`, the form that botocore makes of them. `{url, region, headers, body, access_key_id, secret_access_key,
session_token?, service?}`, a request as it was received: the result is `{authorization}`, botocore's signature over the same
request at the time of its X-Amz-Date.
"""
import datetime
import json
import sys
import types

import botocore.auth
import botocore.awsrequest
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.serialize import create_serializer

UNSIGNED = {'authorization', 'x-amz-date', 'x-amz-security-token', 'host', 'content-length', 'accept-encoding'}


class Clock(datetime.datetime):
    """datetime.datetime whose utcnow() is the time of the case."""

    current = None

    @classmethod
    def utcnow(cls):
        return cls.current


def replace_clock():
    """Old versions ask datetime.datetime.utcnow(), new ones get_current_datetime()."""
    botocore.auth.datetime = types.SimpleNamespace(datetime=Clock)
    if hasattr(botocore.auth, 'get_current_datetime'):
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: Clock.current


def form(model, case):
    operation = model.operation_model(case['action'])
    request = create_serializer(model.metadata['protocol']).serialize_to_request(case['parameters'], operation)
    botocore.awsrequest.prepare_request_dict(request, endpoint_url='https://sts.amazonaws.com')
    body = botocore.awsrequest.create_request_object(request).prepare().body
    return {'body': body.decode() if isinstance(body, bytes) else body}


def signature(case):
    headers = {name: value for name, value in case['headers'].items() if name not in UNSIGNED}
    headers = {name: value for name, value in headers.items() if not name.startswith('amz-sdk-')}
    Clock.current = datetime.datetime.strptime(case['headers']['x-amz-date'], '%Y%m%dT%H%M%SZ')
    request = AWSRequest(method='POST', url=case['url'], headers=headers, data=case['body'])
    credentials = Credentials(case['access_key_id'], case['secret_access_key'], case.get('session_token'))
    SigV4Auth(credentials, case.get('service', 'sts'), case['region']).add_auth(request)
    return {'authorization': request.headers['Authorization']}


def main(input_path, output_path):
    with open(input_path, encoding='ascii') as source:
        cases = json.load(source)
    replace_clock()
    model = botocore.session.Session().get_service_model('sts')
    with open(output_path, 'w', encoding='ascii') as target:
        json.dump([form(model, case) if 'action' in case else signature(case) for case in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
