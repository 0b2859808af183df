"""What botocore sends for GetRecordingConfiguration: sigv4.py INPUT OUTPUT.

INPUT is a JSON list of cases: access_key_id, secret_access_key, session_token (optional), region, arn, time
(seconds since 1970) and, optionally, endpoint_url and client. OUTPUT is the list of results: url, body, host,
date, token (absent without one), authorization, and for diagnosis canonical_request and string_to_sign.

Each request is made by botocore's own parts (serializer, prepare_request_dict, AWSRequest, SigV4Auth) with only
the clock replaced. Where a case has `client`, the result's `client` member holds what a complete botocore client
hands to its transport for the same case, so that a spec can check this script against the real thing.

One difference between versions matters: botocore 1.29 drops an endpoint_url that has a query, the later ones
keep it (docs/protocol.md, "Endpoints": it is kept). The parts used here keep it in every version; `client` cases must not
have one.
"""
import datetime
import json
import sys
import types

import botocore.auth
import botocore.awsrequest
import botocore.session
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.serialize import create_serializer

SERVICE = 'ivs'
OPERATION = 'GetRecordingConfiguration'
EPOCH = datetime.datetime(1970, 1, 1)


class Clock(datetime.datetime):
    """datetime.datetime whose utcnow() is the time of the case."""

    current = EPOCH

    @classmethod
    def utcnow(cls):
        return cls.current


def replace_clock():
    """Old versions ask datetime.datetime.utcnow(), new ones get_current_datetime()."""
    botocore.auth.datetime = types.SimpleNamespace(datetime=Clock)
    if hasattr(botocore.auth, 'get_current_datetime'):
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: Clock.current


class RecordingAuth(SigV4Auth):
    """SigV4Auth that keeps its intermediate texts."""

    def string_to_sign(self, request, canonical_request):
        text = super().string_to_sign(request, canonical_request)
        self.intermediate = {'canonical_request': canonical_request, 'string_to_sign': text}
        return text


def text_of(value):
    return value.decode('ascii') if isinstance(value, bytes) else value


def describe(request):
    """The members that are compared, of a signed request or of a prepared one."""
    found = {
        'url': request.url,
        'body': text_of(request.body),
        'host': text_of(request.headers.get('Host')) or botocore.auth._host_from_url(request.url),
        'date': text_of(request.headers['X-Amz-Date']),
        'authorization': text_of(request.headers['Authorization']),
        'content_type': text_of(request.headers['Content-Type']),
    }
    token = request.headers.get('X-Amz-Security-Token')
    if token is not None:
        found['token'] = text_of(token)
    return found


class Oracle:
    def __init__(self):
        self.session = botocore.session.Session()
        loader = self.session.get_component('data_loader')
        model = self.session.get_service_model(SERVICE)
        self.operation = model.operation_model(OPERATION)
        self.serializer = create_serializer(model.metadata['protocol'])
        self.endpoints = EndpointProvider(
            loader.load_service_model(SERVICE, 'endpoint-rule-set-1'), loader.load_data('partitions')
        )

    def endpoint_url(self, case):
        if 'endpoint_url' in case:
            return case['endpoint_url']
        return self.endpoints.resolve_endpoint(Region=case['region'], UseFIPS=False, UseDualStack=False).url

    def signed(self, case):
        request_dict = self.serializer.serialize_to_request({'arn': case['arn']}, self.operation)
        botocore.awsrequest.prepare_request_dict(request_dict, endpoint_url=self.endpoint_url(case))
        request = botocore.awsrequest.create_request_object(request_dict)
        credentials = Credentials(case['access_key_id'], case['secret_access_key'], case.get('session_token'))
        auth = RecordingAuth(credentials, SERVICE, case['region'])
        auth.add_auth(request)
        return dict(describe(request), **auth.intermediate)

    def sent_by_client(self, case):
        client = self.session.create_client(
            SERVICE,
            region_name=case['region'],
            endpoint_url=case.get('endpoint_url'),
            aws_access_key_id=case['access_key_id'],
            aws_secret_access_key=case['secret_access_key'],
            aws_session_token=case.get('session_token'),
        )
        requests = []

        def answer(request, **_):
            requests.append(request)
            body = types.SimpleNamespace(stream=lambda: [b'{}'])
            return botocore.awsrequest.AWSResponse(request.url, 200, {}, body)

        client.meta.events.register('before-send', answer)
        client.get_recording_configuration(arn=case['arn'])
        return describe(requests[0])

    def answer(self, case):
        Clock.current = EPOCH + datetime.timedelta(seconds=case['time'])
        result = self.signed(case)
        if case.get('client'):
            result['client'] = self.sent_by_client(case)
        return result


def main(input_path, output_path):
    with open(input_path, encoding='ascii') as source:
        cases = json.load(source)
    replace_clock()
    oracle = Oracle()
    with open(output_path, 'w', encoding='ascii') as target:
        json.dump([oracle.answer(case) for case in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
