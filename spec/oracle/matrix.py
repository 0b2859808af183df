"""Whose keys botocore uses, or what it raises: matrix.py INPUT OUTPUT.

INPUT is a JSON list of cases: env (the whole environment) and options, those of `ivs.client` that have a counterpart
(region, profile, endpoint_url, credentials, mfa_code). OUTPUT is the list of results, each empty after a success (what
arrived is on record at the case's server) or with `exception` (its class), `code` (the service's, of a ClientError),
`text`, and `is_own`: whether the class is one of botocore's, or Python's (ValueError) or another library's.

Each case has its own os.environ and its own session. AWS_ENDPOINT_URL_<SERVICE>, which botocore 1.29 doesn't know, is
handed to create_client here, so that STS and SSO are the case's server, too. Nothing sleeps.
"""
import json
import os
import sys
import time

time.sleep = lambda seconds: None  # before anybody keeps it as a default

import botocore.credentials  # noqa: E402
import botocore.loaders  # noqa: E402
import botocore.session  # noqa: E402
import botocore.tokens  # noqa: E402
import botocore.utils  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

ARN = 'arn:aws:ivs:eu-west-1:123456789012:recording-configuration/AbCdEf123456'

LOADER = botocore.loaders.create_loader()


class Session(botocore.session.Session):
    def create_client(self, service_name, *args, **kwargs):
        variable = 'AWS_ENDPOINT_URL_' + service_name.upper().replace('-', '_')
        if not kwargs.get('endpoint_url'):
            kwargs['endpoint_url'] = os.environ.get(variable)
        return super().create_client(service_name, *args, **kwargs)


def set_surroundings(case):
    os.environ.clear()
    os.environ.update(case['env'])
    # these two read HOME when botocore is loaded, and a default argument asks a person
    cache = os.path.expanduser(os.path.join('~', '.aws', 'sso', 'cache'))
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = cache
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = cache
    code = case['options'].get('mfa_code')
    botocore.credentials.AssumeRoleProvider.__init__.__defaults__ = (lambda prompt: code, None, None)


def client_arguments(options):
    keys = options.get('credentials') or {}
    found = {
        'region_name': options.get('region'),
        'endpoint_url': options.get('endpoint_url'),
        'aws_access_key_id': keys.get('access_key_id'),
        'aws_secret_access_key': keys.get('secret_access_key'),
        'aws_session_token': keys.get('session_token'),
    }
    return {name: value for name, value in found.items() if value is not None}


def run(case):
    set_surroundings(case)
    options = case['options']
    try:
        session = Session(profile=options.get('profile'))
        session.register_component('data_loader', LOADER)
        session.create_client('ivs', **client_arguments(options)).get_recording_configuration(arn=ARN)
    except ClientError as error:
        code = error.response['Error']['Code']
        return {'exception': 'ClientError', 'code': code, 'text': str(error), 'is_own': True}
    except Exception as error:
        kind = type(error)
        return {'exception': kind.__name__, 'text': str(error), 'is_own': kind.__module__.startswith('botocore')}
    return {}


def main(input_path, output_path):
    with open(input_path, encoding='ascii') as source:
        cases = json.load(source)
    with open(output_path, 'w', encoding='ascii') as target:
        json.dump([run(case) for case in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
