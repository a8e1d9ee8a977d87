#!/usr/bin/env bash
# Checks random programs on random meshes against the plain program, on all cores.
#
#   eng/fuzz.sh [N [SEED]]     N programs (1000), of the seeds that follow from SEED (1)
#
# All run through the interpreter of the tests, and as many again as a twentieth as C# models, read, generated and compiled, on libtorch.
# Failures are shrunk and printed as they are found, each kind once. The last lines have the counts; the exit code is 0 only if none failed.
set -uo pipefail
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$repository" || exit 1
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export GSHARD_FUZZ_PROGRAMS="${1:-1000}" GSHARD_FUZZ_SEED="${2:-1}"
GSHARD_FUZZ_LOG="$(mktemp)"
export GSHARD_FUZZ_LOG
# Many short-lived objects: a large nursery that is collected seldom.
export DOTNET_TieredPGO=0 DOTNET_gcConcurrent=0 DOTNET_GCgen0size=0x8000000
trap 'rm -f "$GSHARD_FUZZ_LOG"' EXIT

export GSHARD_FUZZ_MODELS=$(((GSHARD_FUZZ_PROGRAMS + 19) / 20))

eng/install.sh || exit 1
dotnet build tests/Generator.Tests -c Release -v q -nologo || exit 1
tail -f "$GSHARD_FUZZ_LOG" &
shown=$!
outcome=0
run() { dotnet test "tests/$1" -c Release --no-build -nologo --filter "FullyQualifiedName~$2" > /dev/null 2>&1 || outcome=1; }
run Compiler.Tests Random_programs_on_random_meshes
run Generator.Tests Random_models_run_sharded
sleep 1
kill "$shown"
wait "$shown" 2> /dev/null
if [ "$outcome" -ne 0 ]; then echo "fuzz: failed"; fi
exit "$outcome"
