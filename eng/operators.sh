#!/usr/bin/env bash
# Writes docs/operators.md from the operator table and the tables of members.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
GSHARD_WRITE_OPERATORS=1 dotnet test tests/Generator.Tests --nologo -v q --filter "FullyQualifiedName~OperatorReferenceTests"
