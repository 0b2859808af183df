"""What botocore reads from the shared AWS files: files.py INPUT OUTPUT.

INPUT is a JSON list of cases, OUTPUT the list of results. Three kinds of case, told by their member `ask`:

- "files": config and credentials, the two files' bytes in hexadecimal (absent: no such file). The result has
  profiles, sso_sessions and services as a session has them, and in config and credentials each file's own profiles
  as the providers of credentials read them; or error, the class of the exception.
- "profile": the same, and env and profile, the option. The result is values, or error.
- "expand": path and env. The result is path.

One difference between versions: botocore 1.29 leaves the services sections among the others; here they are sorted
out as the later ones do it.
"""
import json
import os
import shlex
import sys
import tempfile

import botocore.configloader
import botocore.session
from botocore.exceptions import BotoCoreError, ConfigNotFound

SORTS_SERVICES = 'services' in botocore.configloader.build_profile_map({})


def write(path, content):
    if content is None:
        if os.path.exists(path):
            os.remove(path)
        return
    with open(path, 'wb') as file:
        file.write(bytes.fromhex(content))


def set_environment(variables):
    os.environ.clear()
    os.environ.update(variables)


def services_of(config):
    if SORTS_SERVICES:
        return config.get('services', {})
    services = {}
    for title, values in config.items():
        if title.startswith('services'):
            try:
                words = shlex.split(title)
            except ValueError:
                continue
            if len(words) == 2:
                services[words[1]] = values
    return services


def or_nothing(load, path):
    try:
        return load(path)
    except ConfigNotFound:
        return {}


def session_of(case, directory):
    """A session that sees the case's files and environment, and nothing else."""
    paths = {name: os.path.join(directory, name) for name in ('config', 'credentials')}
    for name, path in paths.items():
        write(path, case.get(name))
    environment = {'HOME': '/nonexistent', 'AWS_CONFIG_FILE': paths['config'],
                   'AWS_SHARED_CREDENTIALS_FILE': paths['credentials']}
    environment.update(case.get('env') or {})
    set_environment(environment)
    return botocore.session.Session(profile=case.get('profile')), paths


def read_files(case, directory):
    session, paths = session_of(case, directory)
    full = session.full_config
    return {
        'profiles': full['profiles'],
        'sso_sessions': full.get('sso_sessions', {}),
        'services': services_of(full),
        'config': or_nothing(botocore.configloader.load_config, paths['config']).get('profiles', {}),
        'credentials': or_nothing(botocore.configloader.raw_config_parse, paths['credentials']),
    }


def select_profile(case, directory):
    session, _ = session_of(case, directory)
    return {'values': session.get_scoped_config()}


def expand(case, _):
    set_environment(case.get('env') or {})
    return {'path': os.path.expanduser(os.path.expandvars(case['path']))}


ASK = {'files': read_files, 'profile': select_profile, 'expand': expand}


def main(source, target):
    with open(source, encoding='utf-8') as file:
        cases = json.load(file)
    results = []
    with tempfile.TemporaryDirectory() as directory:
        for case in cases:
            try:
                results.append(ASK[case['ask']](case, directory))
            except BotoCoreError as error:
                results.append({'error': type(error).__name__})
    with open(target, 'w', encoding='ascii') as file:
        json.dump(results, file)


main(*sys.argv[1:])
