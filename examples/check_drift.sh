#!/bin/sh
# A CI job that fails when recording configurations differ from what they should be. The job's credentials need the permissions
# ivs:ListRecordingConfigurations and ivs:GetRecordingConfiguration.
#
#     sh examples/check_drift.sh expected.json report.xml
#
# expected.json is an expectation (see `ivs check --help`), or a snapshot: `ivs get --all --output json > expected.json`.
set -eu
expected=$1 report=$2

# For the job's log, which shows a line for each recording configuration: TAP.
status=0
ivs check --all --expect "$expected" --output tap || status=$?

# For the test results of Jenkins, GitLab or GitHub: JUnit.
ivs check --all --expect "$expected" --output junit >"$report" || [ $? -eq $status ]

exit $status # 1: they differ; 2: the expectation cannot be read; 3: a call failed
