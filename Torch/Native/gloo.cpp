// Gloo's collectives over host memory. A collective is started and runs on the group's thread; its work is waited for.
#include "distributed.h"
#include "shim.h"

#if TS_GLOO
#include <ATen/ops/from_blob.h>

namespace {

using shim::GroupPointer;
using shim::StorePointer;
using shim::WorkPointer;

at::Tensor bytes(void* data, int64_t count) { return at::from_blob(data, {count}, at::kByte); }

template <class Start>
void* started(Start&& start) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* { return new WorkPointer(start()); });
}

}  // namespace

enum ts_wait_result : int32_t { TS_WAIT_DONE = 0, TS_WAIT_FAILED = 1, TS_WAIT_PENDING = 2 };

// `host` is the name or address of the interface that this member listens on.
TS_API void* ts_gloo_create(void* store, int32_t rank, int32_t size, const char* host, int64_t timeout_ms) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(timeout_ms));
    options->threads = 1;
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(std::string(host)));
    return new GroupPointer(c10::make_intrusive<c10d::ProcessGroupGloo>(*static_cast<StorePointer*>(store), rank, size, options));
  });
}

// Waits for what is under way, then closes the connections.
TS_API void ts_gloo_release(void* group) {
  shim::guarded([&] { delete static_cast<GroupPointer*>(group); });
}

// Counts are bytes to and from each member, by member.
TS_API void* ts_gloo_all_to_all(void* group, void* output, const int64_t* received, void* input, const int64_t* sent, int32_t size) {
  return started([&] {
    std::vector<int64_t> from(received, received + size), to(sent, sent + size);
    int64_t in = 0, out = 0;
    for (int32_t i = 0; i < size; i++) in += to[i], out += from[i];
    at::Tensor target = bytes(output, out), source = bytes(input, in);
    return (*static_cast<GroupPointer*>(group))->alltoall_base(target, source, from, to);
  });
}

// Every member gives as many bytes.
TS_API void* ts_gloo_all_gather(void* group, void* output, void* input, int64_t count, int32_t size) {
  return started([&] {
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int32_t i = 0; i < size; i++) outputs[0].push_back(bytes(static_cast<char*>(output) + i * count, count));
    std::vector<at::Tensor> inputs{bytes(input, count)};
    return (*static_cast<GroupPointer*>(group))->allgather(outputs, inputs);
  });
}

TS_API void* ts_gloo_broadcast(void* group, void* data, int64_t count, int32_t source) {
  return started([&] {
    std::vector<at::Tensor> tensors{bytes(data, count)};
    c10d::BroadcastOptions options;
    options.rootRank = source;
    return (*static_cast<GroupPointer*>(group))->broadcast(tensors, options);
  });
}

// In place; `operation` is 0 for the sum, 1 for the maximum, 2 for the minimum.
TS_API void* ts_gloo_all_reduce(void* group, void* data, int64_t count, int32_t dtype, int32_t operation) {
  return started([&] {
    std::vector<at::Tensor> tensors{at::from_blob(data, {count}, at::ScalarType(dtype))};
    c10d::AllreduceOptions options;
    options.reduceOp = operation == 0 ? c10d::ReduceOp::SUM : operation == 1 ? c10d::ReduceOp::MAX : c10d::ReduceOp::MIN;
    return (*static_cast<GroupPointer*>(group))->allreduce(tensors, options);
  });
}

// Work that has not ended in time goes on, and can be waited for again.
TS_API int32_t ts_work_wait(void* work, int64_t timeout_ms) {
  auto& pointer = *static_cast<WorkPointer*>(work);
  auto wait = [&] { return shim::guarded([&] { pointer->wait(std::chrono::milliseconds(timeout_ms)); }); };
  if (!wait()) return TS_WAIT_DONE;
  if (!pointer->isCompleted()) return TS_WAIT_PENDING;
  // It may have ended well between the time-out and this look; now a wait tells at once.
  return wait() ? TS_WAIT_FAILED : TS_WAIT_DONE;
}

TS_API void ts_work_release(void* work) {
  shim::guarded([&] { delete static_cast<WorkPointer*>(work); });
}
#else
TS_API void* ts_gloo_create(void*, int32_t, int32_t, const char*, int64_t) { return nullptr; }
TS_API void ts_gloo_release(void*) {}
TS_API void* ts_gloo_all_to_all(void*, void*, const int64_t*, void*, const int64_t*, int32_t) { return nullptr; }
TS_API void* ts_gloo_all_gather(void*, void*, void*, int64_t, int32_t) { return nullptr; }
TS_API void* ts_gloo_broadcast(void*, void*, int64_t, int32_t) { return nullptr; }
TS_API void* ts_gloo_all_reduce(void*, void*, int64_t, int32_t, int32_t) { return nullptr; }
TS_API int32_t ts_work_wait(void*, int64_t) { return 1; }
TS_API void ts_work_release(void*) {}
#endif
