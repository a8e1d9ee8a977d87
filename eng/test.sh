#!/usr/bin/env bash
# Builds everything with warnings as errors, checks the formatting, runs every test.
#
#   eng/test.sh [-p:PROPERTY=VALUE …]
#
# The last line is "N passed, N failed"; the exit code is 0 only if everything passed.
set -uo pipefail
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$repository" || exit 1
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

for argument in "$@"; do
  case "$argument" in
    -p:TorchProvider=*) export TorchProvider="${argument#*=}" ;;
  esac
done

finish() { printf '%d passed, %d failed\n' "$1" "$2"; [ "$2" -eq 0 ]; exit; }

eng/install.sh --tests || finish 0 1

echo "test: building"
dotnet build GShard.Codegen.sln -c Release -v q -nologo "$@" || finish 0 1

echo "test: checking the formatting"
failed=0
# Style rules are errors of the build; what is left is white space.
dotnet format whitespace GShard.Codegen.sln --verify-no-changes --no-restore || { echo "test: run dotnet format whitespace"; failed=1; }

echo "test: running the tests"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
dotnet test GShard.Codegen.sln -c Release --no-build -nologo "$@" 2>&1 | tee "$log"
outcome=${PIPESTATUS[0]}

# One line a test project: "Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12, …"
count() { sed -nE "/- Failed: +[0-9]+, Passed: +[0-9]+,/ s/.*[ -]$1: +([0-9]+),.*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
passed="$(count Passed)"
failed_tests="$(count Failed)"
failed=$((failed + failed_tests))
# A test host that died, or no test at all, prints no such line and is a failure nonetheless.
if [ "$failed_tests" -eq 0 ] && { [ "$outcome" -ne 0 ] || [ "$passed" -eq 0 ]; }; then failed=$((failed + 1)); fi
finish "$passed" "$failed"
