// Gloo over host memory: messages between two members, which its own thread carries, and its sums. What is started is waited for.
#include "distributed.h"
#include "shim.h"

#if TS_GLOO
#include <ATen/ops/from_blob.h>

#include <sched.h>

#include <chrono>
#include <list>
#include <mutex>
#include <thread>

namespace {

using shim::GroupPointer;
using shim::StorePointer;
using shim::WorkPointer;

at::Tensor bytes(void* data, int64_t count) { return at::from_blob(data, {count}, at::kByte); }

template <class Start>
void* started(Start&& start) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* { return new WorkPointer(start()); });
}

// Threads started meanwhile do not displace others when they wake. Gloo's own turns round a lock that a sender holds: where it has taken the
// sender's processor, both wait for the end of a time slice.
class Unhurried {
 public:
  Unhurried() : policy_(sched_getscheduler(0)) { set(SCHED_BATCH); }
  ~Unhurried() { set(policy_); }

 private:
  void set(int policy) {
    sched_param parameters{};
    if (policy_ == SCHED_OTHER) sched_setscheduler(0, policy, &parameters);
  }

  int policy_;
};

// Calls off waits that last too long, a twentieth of a second late at most.
class Alarm {
 public:
  using Time = std::chrono::steady_clock::time_point;

  class Entry {
   public:
    Entry(const WorkPointer& work, Time end) {
      std::lock_guard<std::mutex> guard(alarm().mutex_);
      place_ = alarm().waits_.insert(alarm().waits_.end(), {work, end});
    }
    ~Entry() {
      std::lock_guard<std::mutex> guard(alarm().mutex_);
      alarm().waits_.erase(place_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    std::list<std::pair<WorkPointer, Time>>::iterator place_;
  };

 private:
  Alarm() { std::thread([this] { watch(); }).detach(); }

  // Never freed: its thread runs until the process ends.
  static Alarm& alarm() {
    static Alarm* alarm = new Alarm();
    return *alarm;
  }

  void watch() {
    while (true) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      std::lock_guard<std::mutex> guard(mutex_);
      for (auto& [work, end] : waits_)
        if (std::chrono::steady_clock::now() >= end) work->abort();
    }
  }

  std::mutex mutex_;
  std::list<std::pair<WorkPointer, Time>> waits_;
};

}  // namespace

enum ts_wait_result : int32_t { TS_WAIT_DONE = 0, TS_WAIT_FAILED = 1, TS_WAIT_PENDING = 2 };

// `host` is the name or address of the interface that this member listens on.
TS_API void* ts_gloo_create(void* store, int32_t rank, int32_t size, const char* host, int64_t timeout_ms) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(timeout_ms));
    options->threads = 1;
    {
      Unhurried device;
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(std::string(host)));
    }
    return new GroupPointer(c10::make_intrusive<c10d::ProcessGroupGloo>(*static_cast<StorePointer*>(store), rank, size, options));
  });
}

// Waits for what is under way, then closes the connections.
TS_API void ts_gloo_release(void* group) {
  shim::guarded([&] { delete static_cast<GroupPointer*>(group); });
}

// A message to a member; the memory must stay until its wait has ended.
TS_API void* ts_gloo_send(void* group, int32_t member, int32_t tag, void* data, int64_t count) {
  return started([&] {
    std::vector<at::Tensor> tensors{bytes(data, count)};
    return (*static_cast<GroupPointer*>(group))->send(tensors, member, tag);
  });
}

// The next message of a tag from a member, of at most `count` bytes.
TS_API void* ts_gloo_receive(void* group, int32_t member, int32_t tag, void* data, int64_t count) {
  return started([&] {
    std::vector<at::Tensor> tensors{bytes(data, count)};
    return (*static_cast<GroupPointer*>(group))->recv(tensors, member, tag);
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

// As above, for a message: Gloo closes a group where a message is not there in time, so the wait is called off instead.
TS_API int32_t ts_message_wait(void* work, int64_t timeout_ms) {
  auto& pointer = *static_cast<WorkPointer*>(work);
  Alarm::Entry entry(pointer, std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms));
  bool done = false;
  if (shim::guarded([&] { done = pointer->wait(); })) return TS_WAIT_FAILED;
  return done ? TS_WAIT_DONE : TS_WAIT_PENDING;
}

TS_API void ts_work_release(void* work) {
  shim::guarded([&] { delete static_cast<WorkPointer*>(work); });
}
#else
TS_API void* ts_gloo_create(void*, int32_t, int32_t, const char*, int64_t) { return nullptr; }
TS_API void ts_gloo_release(void*) {}
TS_API void* ts_gloo_send(void*, int32_t, int32_t, void*, int64_t) { return nullptr; }
TS_API void* ts_gloo_receive(void*, int32_t, int32_t, void*, int64_t) { return nullptr; }
TS_API void* ts_gloo_all_reduce(void*, void*, int64_t, int32_t, int32_t) { return nullptr; }
TS_API int32_t ts_work_wait(void*, int64_t) { return 1; }
TS_API int32_t ts_message_wait(void*, int64_t) { return 1; }
TS_API void ts_work_release(void*) {}
#endif
