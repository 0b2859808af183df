"""The exception that boto3 raises for an answer: client_error.py INPUT OUTPUT.

INPUT is a JSON list of cases: answers (a list of { status, headers, body }, the last one repeated), max_attempts (in
all) and retry_mode. OUTPUT is the list of results: text (str of the exception), code, message, attempts, or exception
(its class) where it is no ClientError, and the version of botocore.

A complete botocore client makes the call; only its transport is replaced, and it does not sleep between attempts.
"""
import json
import sys

import botocore
import botocore.endpoint
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

ARN = 'arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456'


class Body:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, text):
        self.data = text.encode('utf-8')

    def stream(self):
        yield self.data


class Transport:
    def __init__(self, answers):
        self.answers = answers
        self.attempts = 0

    def __call__(self, request, **_):
        answer = self.answers[min(self.attempts, len(self.answers) - 1)]
        self.attempts += 1
        headers = botocore.awsrequest.HeadersDict(answer.get('headers') or {})
        return AWSResponse(request.url, answer['status'], headers, Body(answer.get('body') or ''))


def run(session, case):
    client = session.create_client(
        'ivs',
        region_name='us-west-2',
        aws_access_key_id='AKIDEXAMPLE',
        aws_secret_access_key='secret',
        config=Config(retries={'mode': case['retry_mode'], 'total_max_attempts': case['max_attempts']}),
    )
    transport = Transport(case['answers'])
    client.meta.events.register('before-send.ivs.*', transport)
    result = {'botocore': botocore.__version__}
    try:
        client.get_recording_configuration(arn=ARN)
    except ClientError as error:
        result['text'] = str(error)
        result['code'] = error.response['Error']['Code']
        result['message'] = error.response['Error']['Message']
    except Exception as error:
        result['exception'] = type(error).__name__
    result['attempts'] = transport.attempts
    return result


def main(input_path, output_path):
    botocore.endpoint.time.sleep = lambda seconds: None
    session = botocore.session.Session()
    with open(input_path, encoding='utf-8') as file:
        cases = json.load(file)
    with open(output_path, 'w', encoding='utf-8') as file:
        json.dump([run(session, case) for case in cases], file)


if __name__ == '__main__':
    main(*sys.argv[1:])
