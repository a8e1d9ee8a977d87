#!/usr/bin/env bash
# Installs what the build, the tests and the demo need and this machine lacks. Nothing is done twice.
#
#   eng/install.sh            compiler, libtorch, BLAS and the translation catalogs
#   eng/install.sh --tests    PyTorch and iproute2 too, which some tests hold ours against; without rights those tests are left out
#
# LIBTORCH=DIR         use the libtorch in DIR (include/ and lib/) instead of Debian's libtorch-dev
# TorchProvider=TorchSharp   use the TorchSharp packages: no libtorch and no C++ compiler are needed
set -euo pipefail

catalog_cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/gshard/iso-codes"
alternatives="Alternatives: LIBTORCH=DIR uses a libtorch that you have (pip's torch or the libtorch zip); -p:TorchProvider=TorchSharp uses the TorchSharp packages."

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Root, or a sudo that will work: without a terminal it must need no password.
may_install() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || [ -t 0 ]
}

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

has_catalogs() { compgen -G "$1/*/LC_MESSAGES/iso_3166-1.mo" >/dev/null; }

missing=()
need_package() { installed "$1" || missing+=("$1"); }

command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download"

if [ "${TorchProvider:-}" != TorchSharp ]; then
  command -v g++ >/dev/null || missing+=(g++)
  if [ -z "${LIBTORCH:-}" ]; then
    need_package libtorch-dev
    need_package libopenblas0-pthread
  elif [ ! -d "$LIBTORCH/include" ] || [ ! -d "$LIBTORCH/lib" ]; then
    die "LIBTORCH=$LIBTORCH has no include/ and lib/ folder; name the folder of an unpacked libtorch."
  fi
fi
# Without rights the catalogs can still be unpacked beside, below.
has_any_catalogs() { has_catalogs /usr/share/locale || has_catalogs "$catalog_cache/usr/share/locale"; }
has_any_catalogs || installed iso-codes || ! may_install || missing+=(iso-codes)

if [ ${#missing[@]} -gt 0 ]; then
  may_install || die "missing: ${missing[*]}. Install them with your package manager (Debian and Ubuntu: apt-get install ${missing[*]}), or run this as root or with sudo. $alternatives"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq >&2 || say "apt-get update failed; trying with the package lists that are there"
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install: ${missing[*]}. $alternatives"
fi

# Slim images leave /usr/share/locale out when a package is installed: unpack the package beside.
if ! has_any_catalogs; then
  command -v apt-get >/dev/null ||
    die "the translation catalogs of iso-codes are missing: install iso-codes with your package manager, or name a folder of locales with --catalogs."
  say "iso-codes came without its catalogs, or cannot be installed; unpacking them into $catalog_cache"
  download="$(mktemp -d)"
  trap 'rm -rf "$download"' EXIT
  # apt downloads as a user of its own where it may.
  chmod 777 "$download"
  mkdir -p "$catalog_cache"
  (cd "$download" && apt-get download -qq iso-codes >&2) ||
    { may_install && as_root apt-get update -qq >&2 && (cd "$download" && apt-get download -qq iso-codes >&2); } ||
    die "apt-get could not download iso-codes, whose translation catalogs the sample learns from."
  dpkg-deb -x "$download"/iso-codes_*.deb "$catalog_cache"
fi

if [ "${1:-}" = --tests ]; then
  missing=()
  need_package python3-torch
  need_package iproute2
  if [ ${#missing[@]} -gt 0 ]; then
    if may_install; then
      say "installing ${missing[*]} for the tests"
      as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 || say "apt-get could not install ${missing[*]}; tests that need them are left out"
    else
      say "missing: ${missing[*]}; tests that need them are left out"
    fi
  fi
fi
