#!/usr/bin/env bash
# Builds libgshard_torch.so, the C shim over libtorch.
#   build-shim.sh SOURCE_FOLDER WORK_FOLDER OUTPUT [LIBTORCH]
# LIBTORCH (argument or environment) names a folder with include/ and lib/: the libtorch zip or pip's torch. Without it, Debian's paths.
set -euo pipefail

source=$1 work=$2 output=$3 libtorch=${4:-${LIBTORCH:-}}
cxx=${CXX:-g++}

if [[ -n $libtorch ]]; then
  include=$libtorch/include
  includes=(-isystem "$include")
  link=(-L"$libtorch/lib" -Wl,-rpath,"$libtorch/lib")
else
  include=/usr/include
  includes=()
  link=()
fi
version=$include/torch/csrc/api/include/torch/version.h
flags=(-std=c++17 -O2 -fPIC -fvisibility=hidden -Wall -Wno-sign-compare "${includes[@]}" -isystem "$include/torch/csrc/api/include" -idirafter "$source/gloo-headers")
# pip's wheels before 2.7 use the old string ABI and say so only in the library's symbols.
if [[ -n $libtorch ]] && ! nm -D "$libtorch/lib/libc10.so" | grep -q '_ZN3c105ErrorC.*__cxx11'; then
  flags+=(-D_GLIBCXX_USE_CXX11_ABI=0)
fi
# From about April 2026 the headers need C++20.
if (( $(sed -n 's/#define TORCH_VERSION_MAJOR //p' "$version") >= 2 && $(sed -n 's/#define TORCH_VERSION_MINOR //p' "$version") >= 13 )); then
  flags[0]=-std=c++20
fi
libraries=(-Wl,--no-as-needed -ltorch_cpu -lc10)
if [[ -n $libtorch && -e $libtorch/lib/libtorch_cuda.so ]]; then
  libraries+=(-ltorch -ltorch_cuda -lc10_cuda)  # unreferenced, but they register the CUDA kernels
  # CUDA's own headers do not come with libtorch; the shim can do without.
  for cuda in "${CUDA_HOME:-/usr/local/cuda}/include" /usr/include; do
    if [[ -e $cuda/cuda_runtime_api.h ]]; then flags+=(-DTS_CUDA=1 -idirafter "$cuda"); break; fi
  done
fi

# Objects go to a folder of their own and the library is renamed into place: builds at the same time do not meet, and a process that has
# the old library mapped keeps it.
mkdir -p "$work" "$(dirname "$output")"
scratch=$(mktemp -d "$work/build.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
objects=() jobs=()
for file in "$source"/*.cpp; do
  object=$scratch/$(basename "${file%.cpp}").o
  objects+=("$object")
  "$cxx" "${flags[@]}" -c "$file" -o "$object" &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job"; done

"$cxx" -shared -o "$scratch/library.so" "${objects[@]}" "${link[@]}" "${libraries[@]}" -Wl,--as-needed -ldl -Wl,--no-undefined
mv -f "$scratch/library.so" "$output"
