// A barrier between the ranks of one process: a futex, no spinning, since ranks may outnumber cores.
// It can be aborted, and a wait may time out; either breaks it for good, so that no rank waits for one that never comes.
#include "shim.h"

#include <atomic>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr uint32_t broken_bit = 0x80000000u;

struct Barrier {
  const int32_t parties;
  std::atomic<int32_t> arrived{0};
  std::atomic<uint32_t> generation{0};  // the futex word; the top bit says the barrier is broken
  explicit Barrier(int32_t n) : parties(n) {}
};

void wake_all(Barrier& b) { syscall(SYS_futex, &b.generation, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0); }

void break_barrier(Barrier& b) {
  b.generation.fetch_or(broken_bit, std::memory_order_acq_rel);
  wake_all(b);
}

int64_t now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

}  // namespace

enum ts_barrier_result : int32_t { TS_BARRIER_OK = 0, TS_BARRIER_ABORTED = 1, TS_BARRIER_TIMED_OUT = 2 };

TS_API void* ts_barrier_create(int32_t parties) { return new Barrier(parties); }
TS_API void ts_barrier_free(void* barrier) { delete static_cast<Barrier*>(barrier); }
TS_API void ts_barrier_abort(void* barrier) { break_barrier(*static_cast<Barrier*>(barrier)); }
TS_API int32_t ts_barrier_is_aborted(void* barrier) {
  return (static_cast<Barrier*>(barrier)->generation.load(std::memory_order_acquire) & broken_bit) != 0;
}

// Waits until all parties have come. A negative time-out waits for ever. A wait that times out breaks the barrier.
TS_API int32_t ts_barrier_wait(void* handle, int64_t timeout_ms) {
  Barrier& b = *static_cast<Barrier*>(handle);
  uint32_t generation = b.generation.load(std::memory_order_acquire);
  if (generation & broken_bit) return TS_BARRIER_ABORTED;
  if (b.arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == b.parties) {
    b.arrived.store(0, std::memory_order_relaxed);
    uint32_t next = (generation + 1) & ~broken_bit;
    bool passed = b.generation.compare_exchange_strong(generation, next, std::memory_order_acq_rel);
    wake_all(b);
    return passed ? TS_BARRIER_OK : TS_BARRIER_ABORTED;
  }
  const int64_t deadline = timeout_ms < 0 ? 0 : now() + timeout_ms * 1000000;
  for (;;) {
    timespec left{};
    if (timeout_ms >= 0) {
      int64_t rest = deadline - now();
      if (rest < 0) rest = 0;
      left = {time_t(rest / 1000000000), long(rest % 1000000000)};
    }
    syscall(SYS_futex, &b.generation, FUTEX_WAIT_PRIVATE, generation, timeout_ms < 0 ? nullptr : &left, nullptr, 0);
    uint32_t current = b.generation.load(std::memory_order_acquire);
    if (current != generation) {
      // The barrier may have been passed and broken later: only a break in this generation is ours.
      return current == (generation | broken_bit) ? TS_BARRIER_ABORTED : TS_BARRIER_OK;
    }
    if (timeout_ms >= 0 && now() >= deadline) {
      break_barrier(b);
      return b.generation.load(std::memory_order_acquire) == (generation | broken_bit) ? TS_BARRIER_TIMED_OUT : TS_BARRIER_OK;
    }
  }
}
