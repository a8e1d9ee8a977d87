// Process-wide state: threads, random generators, version, devices.
#include "handles.h"
#include "shim.h"

#include <dlfcn.h>
#include <mutex>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

TS_API const char* ts_version() { return TORCH_VERSION; }

TS_API int32_t ts_set_threads(int32_t count) {
  return shim::guarded([&] { at::set_num_threads(count); });
}
TS_API int32_t ts_threads() { return at::get_num_threads(); }

TS_API int32_t ts_set_interop_threads(int32_t count) {
  return shim::guarded([&] { at::set_num_interop_threads(count); });
}
TS_API int32_t ts_interop_threads() { return at::get_num_interop_threads(); }

// OpenBLAS keeps a pool of its own. False where the BLAS of this libtorch is another.
TS_API int32_t ts_set_blas_threads(int32_t count) {
  auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (!set) return 0;
  set(count);
  return 1;
}

// 0 where the BLAS is not OpenBLAS.
TS_API int32_t ts_blas_threads() {
  auto get = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  return get ? get() : 0;
}

// 0 where libtorch was built without CUDA or the machine has no device.
TS_API int32_t ts_cuda_devices() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
  return shim::guarded_value<int32_t>(0, [] { return int32_t(c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount()); });
}

// Seeds the default generators of every device.
TS_API int32_t ts_manual_seed(uint64_t seed) {
  return shim::guarded([&] { at::manual_seed(seed); });
}

TS_API void* ts_generator_new(uint64_t seed, int64_t device) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    auto type = c10::DeviceType(int8_t(device & 0xff));
    if (type == c10::DeviceType::CPU) return shim::own_generator(at::make_generator<at::CPUGeneratorImpl>(seed));
    at::Generator generator = at::globalContext().defaultGenerator(c10::Device(type, c10::DeviceIndex(device >> 32))).clone();
    generator.set_current_seed(seed);
    return shim::own_generator(std::move(generator));
  });
}

TS_API void* ts_generator_default() {
  return shim::own_generator(at::Generator(at::detail::getDefaultCPUGenerator()));
}

TS_API void ts_generator_release(void* generator) {
  shim::GeneratorPointer::reclaim(static_cast<c10::GeneratorImpl*>(generator));
}

TS_API uint64_t ts_generator_seed(void* handle) {
  at::Generator generator = shim::borrow_generator(handle);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.current_seed();
}

TS_API int32_t ts_generator_set_seed(void* handle, uint64_t seed) {
  return shim::guarded([&] {
    at::Generator generator = shim::borrow_generator(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  });
}

TS_API void* ts_generator_state(void* handle) {
  return shim::guarded_value<void*>(nullptr, [&] {
    at::Generator generator = shim::borrow_generator(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    return shim::own(generator.get_state());
  });
}

TS_API int32_t ts_generator_set_state(void* handle, void* state) {
  return shim::guarded([&] {
    at::Generator generator = shim::borrow_generator(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(shim::borrow(state));
  });
}
