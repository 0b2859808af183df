"""How long botocore's adaptive limiter holds requests back: rate.py INPUT OUTPUT.

INPUT is a JSON list of cases, each a list of events: {"pass": ticks} lets the clock pass (1/1024 s each), {"send": 1} asks
for leave to send, {"answer": throttled} tells of an answer. OUTPUT is the list of results, each a list with one element for
each event: for a send the list of its waits in seconds, for an answer {enabled, rate, measured}, else null.

The limiter is put together as botocore does it; its clock moves in whole ticks as in support/made_up.lua. One documented
difference is made here: a wait is never shorter than a millisecond.
"""
import json
import math
import sys
import threading
import types

import botocore.retries.bucket as bucket
from botocore.retries import adaptive, throttling

TICKS = 1024
START = 1700000000


class Clock:
    def __init__(self):
        self.elapsed = 0
        self.waits = []

    def current_time(self):
        return START + self.elapsed / TICKS

    def sleep(self, seconds):
        seconds = max(seconds, 0.001)
        self.waits.append(seconds)
        self.elapsed += math.floor(seconds * TICKS + 1.37)


class Detector:
    """In place of the one that reads codes: an answer here says what it is."""

    def is_throttling_error(self, throttled):
        return throttled


def condition_of(clock):
    class Condition:
        def __init__(self, lock):
            self.lock = lock

        def __enter__(self):
            self.lock.acquire()

        def __exit__(self, *_):
            self.lock.release()

        def wait(self, seconds):
            clock.sleep(seconds)

        def notify(self):
            pass

    return Condition


def limiter_of(clock):
    """As in adaptive.register_retry_handler."""
    bucket.threading = types.SimpleNamespace(Lock=threading.Lock, Condition=condition_of(clock))
    return adaptive.ClientRateLimiter(
        rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
        rate_clocker=adaptive.RateClocker(clock),
        token_bucket=bucket.TokenBucket(max_rate=1, clock=clock),
        throttling_detector=Detector(),
        clock=clock,
    )


def happen(limiter, clock, event):
    if 'pass' in event:
        clock.elapsed += event['pass']
        return None
    if 'send' in event:
        before = len(clock.waits)
        limiter.on_sending_request(request=None)
        return clock.waits[before:]
    limiter.on_receiving_response(throttled=event['answer'])
    return {
        'enabled': limiter._enabled,
        'rate': limiter._token_bucket.max_rate,
        'measured': limiter._rate_clocker.measured_rate,
    }


def run(events):
    clock = Clock()
    limiter = limiter_of(clock)
    return [happen(limiter, clock, event) for event in events]


if __name__ == '__main__':
    with open(sys.argv[1], encoding='ascii') as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w', encoding='ascii') as target:
        json.dump([run(case) for case in cases], target)
