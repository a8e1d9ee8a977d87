// c10d's process groups, where libtorch has them.
#pragma once
#if __has_include(<torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>)
#define TS_GLOO 1
#define USE_C10D_GLOO 1
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>

namespace shim {

#if TORCH_VERSION_MAJOR >= 2
using Group = c10d::Backend;
#else
using Group = c10d::ProcessGroup;
#endif
using StorePointer = c10::intrusive_ptr<c10d::Store>;
using GroupPointer = c10::intrusive_ptr<Group>;
using WorkPointer = c10::intrusive_ptr<c10d::Work>;

}  // namespace shim
#else
#define TS_GLOO 0
#endif
