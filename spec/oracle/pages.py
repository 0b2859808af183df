"""The items that botocore's paginator gives for pages of ListRecordingConfigurations: pages.py INPUT OUTPUT.

INPUT is a JSON list of lists of pages, {"items": [...], "token": TEXT or absent}; the n-th request gets the n-th page. OUTPUT is the
list of {"items", "tokens": the tokens that were sent ("" without one), "error": the exception's name or absent}.
"""
import json
import sys

import botocore.session


class Answer:
    status_code = 200


def run(pages):
    client = botocore.session.Session().create_client(
        'ivs', region_name='us-west-2', aws_access_key_id='a', aws_secret_access_key='b')
    result = {'items': [], 'tokens': []}

    def answer(params, **_):
        result['tokens'].append(json.loads(params['body'] or '{}').get('nextToken', ''))
        page = pages[len(result['tokens']) - 1]
        parsed = {'recordingConfigurations': [{'arn': name} for name in page['items']]}
        if 'token' in page:
            parsed['nextToken'] = page['token']
        return Answer, parsed

    client.meta.events.register('before-call.ivs.ListRecordingConfigurations', answer)
    try:
        for page in client.get_paginator('list_recording_configurations').paginate():
            result['items'] += [item['arn'] for item in page['recordingConfigurations']]
    except Exception as error:
        result['error'] = type(error).__name__
    return result


if __name__ == '__main__':
    with open(sys.argv[1]) as source:
        cases = json.load(source)
    with open(sys.argv[2], 'w') as target:
        json.dump([run(pages) for pages in cases], target)
