"""Where botocore's rules send a call: endpoint.py INPUT OUTPUT.

INPUT is a JSON list of cases: region, fips, dualstack and, optionally, endpoint_url. OUTPUT is the list of results:

- region: the region that is signed for (a FIPS pseudo-region gives the one inside it)
- partition: the name of the partition that the region belongs to
- documented: true where the partition's data is the documented one and not this botocore's (see below)
- url: the endpoint, or else error and message: botocore's class of exception and its text

The rules are those of the service's rule set, evaluated by botocore's EndpointProvider. Differences from a botocore
client, on purpose: the client passes UseFIPS and UseDualStack as false when it has an endpoint_url, so its rules
against the combination never speak; here they do (docs/design.md, "Differences from boto3").
"""
import copy
import json
import sys

import botocore.session
from botocore.client import ClientCreator
from botocore.endpoint_provider import EndpointProvider, RuleSetStandardLibrary
from botocore.exceptions import BotoCoreError
from botocore.utils import validate_region_name

SERVICE = 'ivs'

# docs/protocol.md, "Endpoints". Debian 12's botocore (1.29.27) lacks aws-eusc, aws-iso-e and aws-iso-f, and knows aws-iso and
# aws-iso-b as without dual-stack. For these rows the partition data is the documented one and only the rules are
# botocore's. A botocore that knows a row is asked for its own data (1.43.11 has all of them, equal to these).
DOCUMENTED = {
    'aws-eusc': (r'^eusc\-\w+\-\w+\-\d+$', 'amazonaws.eu', 'api.amazonwebservices.eu'),
    'aws-iso': (r'^us\-iso\-\w+\-\d+$', 'c2s.ic.gov', 'api.aws.ic.gov'),
    'aws-iso-b': (r'^us\-isob\-\w+\-\d+$', 'sc2s.sgov.gov', 'api.aws.scloud'),
    'aws-iso-e': (r'^eu\-isoe\-\w+\-\d+$', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'),
    'aws-iso-f': (r'^us\-isof\-\w+\-\d+$', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'),
}


def complete_partitions(data):
    """botocore's partitions with the documented rows where it lacks one; also the names of those rows."""
    data = copy.deepcopy(data)
    known = {partition['id']: partition for partition in data['partitions']}
    replaced = set()
    for name, (regex, suffix, dualstack_suffix) in DOCUMENTED.items():
        outputs = known.get(name, {}).get('outputs', {})
        if outputs.get('supportsDualStack') and outputs.get('supportsFIPS'):
            continue
        replaced.add(name)
        if name not in known:
            known[name] = {'id': name, 'regionRegex': regex, 'regions': {}}
            data['partitions'].append(known[name])
        known[name]['outputs'] = {
            'name': name,
            'dnsSuffix': suffix,
            'dualStackDnsSuffix': dualstack_suffix,
            'supportsFIPS': True,
            'supportsDualStack': True,
        }
    return data, replaced


class Oracle:
    def __init__(self):
        loader = botocore.session.Session().get_component('data_loader')
        partitions, self.replaced = complete_partitions(loader.load_data('partitions'))
        self.library = RuleSetStandardLibrary(partitions)
        self.provider = EndpointProvider(loader.load_service_model(SERVICE, 'endpoint-rule-set-1'), partitions)

    def answer(self, case):
        try:
            return self.resolve(case)
        except BotoCoreError as error:
            return {'error': type(error).__name__, 'message': str(error)}

    def resolve(self, case):
        validate_region_name(case['region'])
        # The method reads nothing of its object. It returns a Config, with FIPS set, for a pseudo-region only.
        region, fips_config = ClientCreator._normalize_fips_region(None, case['region'], None)
        parameters = {
            'Region': region,
            'UseFIPS': case['fips'] or fips_config is not None,
            'UseDualStack': case['dualstack'],
        }
        if 'endpoint_url' in case:
            parameters['Endpoint'] = case['endpoint_url']
        partition = self.library.aws_partition(region)['name']
        return {
            'region': region,
            'partition': partition,
            'documented': partition in self.replaced,
            'url': self.provider.resolve_endpoint(**parameters).url,
        }


def main(input_path, output_path):
    with open(input_path, encoding='ascii') as source:
        cases = json.load(source)
    oracle = Oracle()
    with open(output_path, 'w', encoding='ascii') as target:
        json.dump([oracle.answer(case) for case in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
