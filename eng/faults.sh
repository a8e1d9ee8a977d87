#!/usr/bin/env bash
# Strikes the ranks of a program with every fault and writes the times that the others took to end into docs/reliability.md.
set -euo pipefail
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$repository"
export GSHARD_FAULT_TIMES="$repository/artifacts/fault-times.txt"
mkdir -p artifacts
rm -f "$GSHARD_FAULT_TIMES"
dotnet test tests/Process.Tests --nologo --filter "FullyQualifiedName~FaultTests|FullyQualifiedName~NetworkTests"

# A row's last cell is the longest time that a rank took in that case: <!-- fault victim --> names the case.
awk '
  NR == FNR { key = $1 " " $2; for (i = 3; i <= NF; i++) if ($i + 0 > longest[key] + 0) longest[key] = $i; next }
  match($0, /<!-- [a-z-]+ [0-9] -->/) {
    key = substr($0, RSTART + 5, RLENGTH - 9)
    if (key in longest) sub(/\| [^|]*<!--/, "| " sprintf("%.1f s", longest[key]) " <!--")
  }
  { print }
' "$GSHARD_FAULT_TIMES" docs/reliability.md > artifacts/reliability.md
mv artifacts/reliability.md docs/reliability.md
