#!/usr/bin/env bash
# Trains the sharded Transformer of Sample.Model on real translations and shows what it learned.
#
#   eng/demo.sh [-p:PROPERTY=VALUE …] [options of the sample, see --help]
set -euo pipefail
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

properties=()
arguments=()
for argument in "$@"; do
  case "$argument" in
    -p:TorchProvider=*) export TorchProvider="${argument#*=}"; properties+=("$argument") ;;
    -p:*) properties+=("$argument") ;;
    *) arguments+=("$argument") ;;
  esac
done

"$repository/eng/install.sh"

# Built already, from these sources and with these properties? Then start at once.
stamp="$repository/artifacts/demo.stamp"
built_with="${LIBTORCH:-} ${TorchProvider:-} ${properties[*]:-}"
up_to_date() {
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$built_with" ] || return 1
  local changed
  changed="$(cd "$repository" && find Compiler Generator Analyzers Runtime Torch Sample.Model eng ./*.props global.json \
    \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit)"
  [ -z "$changed" ]
}
if ! up_to_date; then
  echo "demo: building (once)" >&2
  dotnet build "$repository/Sample.Model/Sample.Model.csproj" -c Release -v q -nologo "${properties[@]}" >&2
  mkdir -p "$(dirname "$stamp")"
  printf '%s' "$built_with" >"$stamp"
fi

exec dotnet "$repository/Sample.Model/bin/Release/net10.0/Sample.Model.dll" "${arguments[@]}"
