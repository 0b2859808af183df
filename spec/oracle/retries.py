"""How often botocore sends, and how its calls end: retries.py INPUT OUTPUT.

INPUT is a JSON list of batches: cases, python (optional: another interpreter, whose botocore is asked) and new_retries
(optional: with AWS_NEW_RETRIES_2026). OUTPUT is the list of results: botocore (its version), has_new_retries (whether
it knows that switch), and cases, for each case the list of its calls' results.

A case is one client: mode, max_attempts (in all), random (what random.random gives) and calls, each a list of answers
of which the last is repeated. An answer is status, headers and body, or fault (the name of botocore's exception, or of
Python's); ticks is how long it takes, in 1/1024 s. A call's result is sent (requests), sleeps (seconds, in order),
retries (RetryAttempts, where there was a response) and one of: code and text of a ClientError; fault, the class of
another exception; neither after a success.

A complete botocore client makes each call; only its HTTP session, the clock and the die are replaced. The clock moves
in whole ticks as in support/made_up.lua, and so does a sleep. One documented difference is made here: a wait for the
adaptive rate is never shorter than a millisecond.
"""
import concurrent.futures
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
import types

TICKS = 1024
START = 1700000000
ARN = 'arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEf123456'


class Clock:
    """All of botocore's waiting, and what it throws the die with."""

    elapsed = 0
    sleeps = []
    random = 0.5

    @classmethod
    def sleep(cls, seconds):
        cls.sleeps.append(seconds)
        cls.elapsed += math.floor(seconds * TICKS + 1.37)

    @classmethod
    def now(cls):
        return START + cls.elapsed / TICKS

    @classmethod
    def begin(cls, draw):
        cls.elapsed, cls.sleeps, cls.random = 0, [], draw


class Condition:
    """threading.Condition of the token bucket: whoever waits lets the clock pass."""

    def __init__(self, lock):
        self.lock = lock

    def __enter__(self):
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()

    def wait(self, seconds):
        Clock.sleep(max(seconds, 0.001))

    def notify(self):
        pass


class Body:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, text):
        self.data = text.encode('utf-8')

    def stream(self):
        yield self.data


def exception(name):
    import botocore.exceptions

    arguments = {'endpoint_url': 'https://x', 'error': 'broken', 'proxy_url': 'http://p'}
    found = getattr(botocore.exceptions, name, None)
    return found(**arguments) if found else {'OSError': OSError}[name]('broken')


class Session:
    """botocore's HTTP session, with answers for a network."""

    def __init__(self, answers):
        self.answers = answers
        self.sent = 0

    def send(self, request):
        from botocore.awsrequest import AWSResponse, HeadersDict

        answer = self.answers[min(self.sent, len(self.answers) - 1)]
        self.sent += 1
        Clock.elapsed += answer.get('ticks', 0)
        if 'fault' in answer:
            raise exception(answer['fault'])
        return AWSResponse(request.url, answer['status'], HeadersDict(answer.get('headers') or {}), Body(answer['body']))

    def close(self):
        pass


def run_call(client, answers):
    from botocore.exceptions import ClientError

    transport = Session(answers)
    client._endpoint.http_session = transport
    slept = len(Clock.sleeps)
    result = {}
    try:
        response = client.get_recording_configuration(arn=ARN)
        result['retries'] = response['ResponseMetadata']['RetryAttempts']
    except ClientError as error:
        result['code'] = error.response['Error']['Code']
        result['text'] = str(error)
        result['retries'] = error.response['ResponseMetadata']['RetryAttempts']
    except Exception as error:
        result['fault'] = type(error).__name__
    result['sent'] = transport.sent
    result['sleeps'] = Clock.sleeps[slept:]
    return result


class Clients:
    """A client for each mode and number of attempts, as good as new for each case.

    Making one takes longer than its calls. What it learns from its calls is in a few objects that are initialised
    anew, with the arguments that they were made with.
    """

    def __init__(self, session):
        self.session = session
        self.known = {}

    def make(self, case):
        from botocore import UNSIGNED
        from botocore.config import Config

        retries = {'mode': case['mode'], 'total_max_attempts': case['max_attempts']}
        config = Config(retries=retries, signature_version=UNSIGNED)  # half of a call's time is its signature
        return self.session.create_client('ivs', region_name='us-west-2', config=config)

    def find(self, case):
        key = case['mode'], case['max_attempts']
        if key not in self.known:
            made.clear()
            client = self.make(case)
            self.known[key] = client, list(made)
        client, learned = self.known[key]
        for thing, initialise, arguments, named in learned:
            initialise(thing, *arguments, **named)
        return client


made = []


def remember(kind):
    """Puts all objects of a class that are made from now on into `made`, in their order."""
    initialise = kind.__init__

    def __init__(self, *arguments, **named):
        made.append((self, initialise, arguments, named))
        initialise(self, *arguments, **named)

    kind.__init__ = __init__


def run_case(clients, case):
    Clock.begin(case['random'])
    client = clients.find(case)
    return [run_call(client, answers) for answers in case['calls']]


def run_here(cases):
    time.sleep = Clock.sleep  # before anybody keeps it, or random, as a default
    random.random = lambda: Clock.random
    import botocore
    import botocore.configprovider
    import botocore.session
    from botocore.retries import adaptive, bucket, quota, throttling

    bucket.Clock.current_time = lambda self: Clock.now()
    bucket.threading = types.SimpleNamespace(Lock=threading.Lock, Condition=Condition)
    for kind in (
        quota.RetryQuota,
        throttling.CubicCalculator,
        bucket.TokenBucket,
        adaptive.RateClocker,
        adaptive.ClientRateLimiter,
    ):
        remember(kind)
    clients = Clients(botocore.session.Session())
    return {
        'botocore': botocore.__version__,
        'has_new_retries': hasattr(botocore.configprovider, 'NEW_RETRIES_ENABLED'),
        'cases': [run_case(clients, case) for case in cases],
    }


def run_batch(batch):
    """In a process of its own: what botocore is loaded with can't be changed later."""
    environment = dict(os.environ)
    if batch.get('new_retries'):
        environment['AWS_NEW_RETRIES_2026'] = 'true'
    finished = subprocess.run(
        [batch.get('python') or sys.executable, __file__],
        input=json.dumps(batch['cases']).encode(),
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(finished.stdout)


def main(input_path, output_path):
    with open(input_path, encoding='utf-8') as source:
        batches = json.load(source)
    with open(output_path, 'w', encoding='utf-8') as target:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            json.dump(list(pool.map(run_batch, batches)), target)


if __name__ == '__main__':
    if len(sys.argv) == 1:
        json.dump(run_here(json.load(sys.stdin)), sys.stdout)
    else:
        main(*sys.argv[1:])
