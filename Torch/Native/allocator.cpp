// A caching CPU allocator. Fresh pages cost about a microsecond each to fault in, so blocks of 64 KiB and more
// are kept on free lists by size class and handed out again, whichever thread made them.
#include "shim.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
#define TS_ALLOCATE_CONST
#define TS_HAS_COPY_DATA 1
#else
#define TS_ALLOCATE_CONST const
#define TS_HAS_COPY_DATA 0
#endif

namespace {

constexpr size_t header = 64;            // keeps the data aligned for AVX-512
constexpr size_t smallest = 64 * 1024;   // below this malloc is as good
constexpr int classes_per_octave = 8;    // at most 12.5 % of a block is waste
constexpr int class_count = 48 * classes_per_octave;

struct Header {
  size_t bytes;    // of the block, header excluded
  int size_class;  // -1: not cached
};

struct FreeList {
  std::mutex mutex;
  std::vector<void*> blocks;
};

std::atomic<int64_t> live_bytes{0}, cached_bytes{0}, peak_bytes{0}, system_allocations{0}, cache_hits{0};
std::atomic<int64_t> cache_limit{int64_t(4) << 30};

FreeList* lists() {
  static auto* all = new FreeList[class_count];  // never destroyed: tensors may outlive static destructors
  return all;
}

// The class whose blocks are the smallest that hold `bytes`, and their size.
int size_class(size_t bytes, size_t& rounded) {
  int octave = 63 - __builtin_clzll(bytes);
  size_t base = size_t(1) << octave, step = base / classes_per_octave;
  size_t index = (bytes - base + step - 1) / step;
  rounded = base + index * step;
  return (octave - 16) * classes_per_octave + int(index);
}

void* fresh(size_t bytes) {
  void* block = nullptr;
  if (posix_memalign(&block, header, header + bytes) != 0)
    throw std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes for a tensor, " + std::to_string(live_bytes.load()) +
                             " bytes of tensors are live");
  system_allocations.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void count(int64_t bytes) {
  int64_t live = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

void* take(int index) {
  FreeList& list = lists()[index];
  std::lock_guard<std::mutex> lock(list.mutex);
  if (list.blocks.empty()) return nullptr;
  void* block = list.blocks.back();
  list.blocks.pop_back();
  return block;
}

int64_t trim() {
  int64_t freed = 0;
  for (int i = 0; i < class_count; ++i) {
    std::vector<void*> blocks;
    {
      std::lock_guard<std::mutex> lock(lists()[i].mutex);
      blocks.swap(lists()[i].blocks);
    }
    for (void* block : blocks) {
      freed += int64_t(static_cast<Header*>(block)->bytes);
      std::free(block);
    }
  }
  cached_bytes.fetch_sub(freed, std::memory_order_relaxed);
  return freed;
}

void release(void* block) {
  auto* h = static_cast<Header*>(block);
  auto bytes = int64_t(h->bytes);
  live_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  if (h->size_class >= 0 && cached_bytes.load(std::memory_order_relaxed) + bytes <= cache_limit.load(std::memory_order_relaxed)) {
    FreeList& list = lists()[h->size_class];
    std::lock_guard<std::mutex> lock(list.mutex);
    list.blocks.push_back(block);
    cached_bytes.fetch_add(bytes, std::memory_order_relaxed);
  } else {
    std::free(block);
  }
}

// libtorch's raw allocations (oneDNN's workspaces) know a block by its data alone, so the data is the context too.
void release_data(void* data) {
  if (data) release(static_cast<char*>(data) - header);
}

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) TS_ALLOCATE_CONST override {
    if (bytes == 0) return {nullptr, nullptr, &release_data, c10::Device(c10::DeviceType::CPU)};
    int index = -1;
    void* block = nullptr;
    if (bytes >= smallest) {
      size_t rounded = 0;
      index = size_class(bytes, rounded);
      bytes = rounded;
      block = take(index);
      if (block) {
        cached_bytes.fetch_sub(int64_t(bytes), std::memory_order_relaxed);
        cache_hits.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (!block) block = fresh(bytes);
    *static_cast<Header*>(block) = {bytes, index};
    count(int64_t(bytes));
    void* data = static_cast<char*>(block) + header;
    return {data, data, &release_data, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release_data; }

#if TS_HAS_COPY_DATA
  void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }
#endif
};

CachingAllocator allocator;

}  // namespace

struct ts_allocator_statistics {
  int64_t live_bytes, peak_bytes, cached_bytes, system_allocations, cache_hits;
};

// Takes over libtorch's CPU allocations; returns the address of the live-byte counter, which may be read at any time.
TS_API const int64_t* ts_allocator_install() {
  c10::SetCPUAllocator(&allocator, 100);
  static_assert(sizeof(live_bytes) == sizeof(int64_t), "the counter is read as a plain 64-bit integer");
  return reinterpret_cast<const int64_t*>(&live_bytes);
}

TS_API void ts_allocator_statistics(ts_allocator_statistics* out) {
  *out = {live_bytes.load(), peak_bytes.load(), cached_bytes.load(), system_allocations.load(), cache_hits.load()};
}

TS_API void ts_allocator_reset_peak() { peak_bytes.store(live_bytes.load()); }

// Gives the cached blocks back to the system; returns their bytes.
TS_API int64_t ts_allocator_trim() { return trim(); }

// At most this many bytes are kept for reuse.
TS_API void ts_allocator_set_cache_limit(int64_t bytes) {
  cache_limit.store(bytes);
  if (cached_bytes.load() > bytes) trim();
}
TS_API int64_t ts_allocator_cache_limit() { return cache_limit.load(); }
