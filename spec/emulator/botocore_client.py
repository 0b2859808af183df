"""Calls the emulator with botocore: JSON on standard input, JSON on standard output.

Input: {"endpoint_url", "ca_bundle", "calls": {NAME: CALL}, "order": [NAME, ...]}; the calls are made in that order.
Every CALL may have access_key_id, secret_access_key, session_token, region, endpoint_url, max_attempts (in all, 1
unless told), and credentials_of, the name of an earlier call whose response has the Credentials to use instead (with
the call's own session_token, if it has one). One of

    {"arn": ARN, "times": [SECONDS, ...]}
                                        boto3's get_recording_configuration; with times, one in X-Emulator-Time for
                                        each attempt, the last one repeated
    {"list": {...}}                     boto3's list_recording_configurations with these arguments
    {"pages": {...}}                    its paginator with this PaginationConfig: the response is the full result, and
                                        "sizes" says how many items each page has
    {"sts": METHOD, "parameters": {...}}
                                        a method of boto3's client for STS
    {"send": {"method", "path", "body", "headers", "service", "clock_offset", "unsigned", "alter": {...}}}
                                        a request of its own, signed by botocore's SigV4Auth and changed afterwards:
                                        alter has the "body" or "headers" that are sent instead (null drops one)

Output, by name: {"response": ...} without ResponseMetadata, {"exception": class name, "code", "message"}, or for
"send" {"body", "headers"}; each with "status" and, for calls, "retries".

Run it with a python3 that has botocore. Whatever that botocore's model of ivs lacks is added to it here.
"""

import datetime
import json
import sys
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.httpsession
import botocore.session

SHAPES = {
    "EmulatorString": {"type": "string"},
    "EmulatorInteger": {"type": "integer"},
    "EmulatorLong": {"type": "long"},
    "EmulatorStrings": {"type": "list", "member": {"shape": "EmulatorString"}},
    "RenditionConfiguration": {
        "type": "structure",
        "members": {
            "renditionSelection": {"shape": "EmulatorString"},
            "renditions": {"shape": "EmulatorStrings"},
        },
    },
}
MEMBERS = {
    "RecordingConfiguration": {
        "recordingReconnectWindowSeconds": "EmulatorInteger",
        "renditionConfiguration": "RenditionConfiguration",
    },
    "ThumbnailConfiguration": {
        "resolution": "EmulatorString",
        "storage": "EmulatorStrings",
        "targetIntervalSeconds": "EmulatorLong",
    },
}


def make_session():
    """A session whose model of ivs has all members. The loader caches what it loads, so the change stays."""
    session = botocore.session.Session()
    model = session.get_component("data_loader").load_service_model("ivs", "service-2")
    for name, shape in SHAPES.items():
        model["shapes"].setdefault(name, shape)
    for structure, members in MEMBERS.items():
        for name, shape in members.items():
            model["shapes"][structure]["members"].setdefault(name, {"shape": shape})
    return session


def make_client(session, job, call, service):
    client = session.create_client(
        service,
        region_name=call.get("region", "us-west-2"),
        endpoint_url=call.get("endpoint_url", job["endpoint_url"]),
        verify=job["ca_bundle"],
        aws_access_key_id=call["access_key_id"],
        aws_secret_access_key=call["secret_access_key"],
        aws_session_token=call.get("session_token"),
        config=botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": call.get("max_attempts", 1)},
            parameter_validation=False,
        ),
    )
    times = list(call.get("times", []))

    def tell_time(request, **_):
        request.headers["X-Emulator-Time"] = str(times.pop(0) if len(times) > 1 else times[0])

    if times:
        client.meta.events.register("before-send.ivs", tell_time)
    return client


def outcome_of(function):
    try:
        response = function()
    except botocore.exceptions.ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return {
            "exception": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "message": error.response.get("exceptionMessage") or error.response["Error"]["Message"],
            "text": str(error),
            "status": metadata["HTTPStatusCode"],
            "request_id": metadata.get("RequestId"),
            "retries": metadata["RetryAttempts"],
        }
    except botocore.exceptions.BotoCoreError as error:
        return {"exception": type(error).__name__, "message": str(error)}
    metadata = response.pop("ResponseMetadata", {})
    return {
        "response": response,
        "status": metadata.get("HTTPStatusCode"),
        "request_id": metadata.get("RequestId"),
        "retries": metadata.get("RetryAttempts"),
    }


def get_recording_configuration(session, job, call):
    client = make_client(session, job, call, "ivs")
    arguments = {"arn": call["arn"]} if "arn" in call else {}
    return outcome_of(lambda: client.get_recording_configuration(**arguments))


def list_recording_configurations(session, job, call):
    client = make_client(session, job, call, "ivs")
    return outcome_of(lambda: client.list_recording_configurations(**call["list"]))


def read_pages(session, job, call):
    client = make_client(session, job, call, "ivs")
    paginator = client.get_paginator("list_recording_configurations")
    sizes = []

    def count_items(parsed, **_):
        sizes.append(len(parsed.get("recordingConfigurations", [])))

    client.meta.events.register("after-call.ivs.ListRecordingConfigurations", count_items)
    outcome = outcome_of(lambda: paginator.paginate(PaginationConfig=call["pages"]).build_full_result())
    return {**outcome, "sizes": sizes}


def call_sts(session, job, call):
    client = make_client(session, job, call, "sts")
    return outcome_of(lambda: getattr(client, call["sts"])(**call.get("parameters", {})))


def sign(request, call, send):
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return datetime.datetime.utcnow() + datetime.timedelta(seconds=send.get("clock_offset", 0))

    credentials = botocore.credentials.Credentials(
        call["access_key_id"], call["secret_access_key"], call.get("session_token")
    )
    signer = botocore.auth.SigV4Auth(credentials, send.get("service", "ivs"), call.get("region", "us-west-2"))
    # Newer versions of botocore ask a function of their own for the time.
    clock = {"datetime": mock.Mock(datetime=Clock)}
    if hasattr(botocore.auth, "get_current_datetime"):
        clock = {"get_current_datetime": Clock.utcnow}
    with mock.patch.multiple(botocore.auth, **clock):
        signer.add_auth(request)


def send_request(session, job, call):
    send = call["send"]
    request = botocore.awsrequest.AWSRequest(
        method=send.get("method", "POST"),
        url=call.get("endpoint_url", job["endpoint_url"]) + send.get("path", "/GetRecordingConfiguration"),
        headers={"Content-Type": "application/json", **send.get("headers", {})},
        data=send.get("body", "").encode(),
    )
    if not send.get("unsigned"):
        sign(request, call, send)
    alter = send.get("alter", {})
    if "body" in alter:
        request.data = alter["body"].encode()
    for name, value in alter.get("headers", {}).items():
        del request.headers[name]
        if value is not None:
            request.headers[name] = value
    response = botocore.httpsession.URLLib3Session(verify=job["ca_bundle"]).send(request.prepare())
    return {
        "status": response.status_code,
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "body": response.content.decode(),
    }


PERFORM = {
    "send": send_request,
    "list": list_recording_configurations,
    "pages": read_pages,
    "sts": call_sts,
}


def with_credentials(call, results):
    if "credentials_of" not in call:
        return call
    credentials = results[call["credentials_of"]]["response"]["Credentials"]
    return {
        **call,
        "access_key_id": credentials["AccessKeyId"],
        "secret_access_key": credentials["SecretAccessKey"],
        "session_token": call.get("session_token", credentials["SessionToken"]),
    }


def main():
    job = json.load(sys.stdin)
    session = make_session()
    results = {}
    for name in job["order"]:
        call = with_credentials(job["calls"][name], results)
        kind = next((kind for kind in PERFORM if kind in call), None)
        results[name] = PERFORM.get(kind, get_recording_configuration)(session, job, call)
    json.dump(results, sys.stdout, default=lambda time: time.isoformat())


if __name__ == "__main__":
    main()
