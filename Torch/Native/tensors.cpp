// Making, looking into and releasing tensors.
#include "handles.h"
#include "shim.h"

#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <torch/csrc/autograd/variable.h>

using shim::borrow;
using shim::impl;
using shim::own;

namespace shim {
std::string& last_error() {
  static thread_local std::string text;
  return text;
}
}  // namespace shim

TS_API const char* ts_last_error() { return shim::last_error().c_str(); }

TS_API void ts_release(void* tensor) { shim::TensorPointer::reclaim(static_cast<c10::TensorImpl*>(tensor)); }

// A second handle to the same tensor object.
TS_API void* ts_retain(void* tensor) { return own(borrow(tensor)); }

TS_API int32_t ts_dtype(void* tensor) { return int32_t(c10::typeMetaToScalarType(impl(tensor).dtype())); }
TS_API int64_t ts_ndim(void* tensor) { return impl(tensor).dim(); }
TS_API int64_t ts_numel(void* tensor) { return impl(tensor).numel(); }
TS_API int64_t ts_element_size(void* tensor) { return int64_t(impl(tensor).itemsize()); }
TS_API int64_t ts_storage_offset(void* tensor) { return impl(tensor).storage_offset(); }
TS_API int32_t ts_is_contiguous(void* tensor) { return impl(tensor).is_contiguous(); }
TS_API int64_t ts_size(void* tensor, int64_t dim) { return impl(tensor).sizes()[size_t(dim)]; }

TS_API void ts_sizes(void* tensor, int64_t* out) {
  auto sizes = impl(tensor).sizes();
  std::copy(sizes.begin(), sizes.end(), out);
}

TS_API int32_t ts_strides(void* tensor, int64_t* out) {
  return shim::guarded([&] {
    auto strides = impl(tensor).strides();
    std::copy(strides.begin(), strides.end(), out);
  });
}

// Address of the first element, the storage offset included; null for an empty tensor or one without storage.
TS_API void* ts_data(void* tensor) {
  return impl(tensor).has_storage() ? borrow(tensor).data_ptr() : nullptr;
}

// Device type in the low half, index in the high half.
TS_API int64_t ts_device(void* tensor) {
  c10::Device device = impl(tensor).device();
  return int64_t(uint8_t(device.type())) | (int64_t(device.index()) << 32);
}

TS_API int32_t ts_is_sparse(void* tensor) { return impl(tensor).is_sparse(); }

// A contiguous CPU tensor with a copy of `bytes` bytes from `data`.
TS_API void* ts_copy_from(const void* data, int64_t bytes, const int64_t* sizes, int32_t ndim, int32_t dtype) {
  return shim::guarded_value<void*>(nullptr, [&] {
    at::Tensor tensor = at::empty(c10::IntArrayRef(sizes, size_t(ndim)), c10::TensorOptions(c10::ScalarType(dtype)));
    if (int64_t(tensor.nbytes()) != bytes)
      throw std::runtime_error("the shape holds " + std::to_string(tensor.nbytes()) + " bytes and the data has " + std::to_string(bytes));
    if (bytes != 0) std::memcpy(tensor.data_ptr(), data, size_t(bytes));
    return own(std::move(tensor));
  });
}

// A tensor over memory that the caller owns; `release(context)` runs when the last view of it is gone.
TS_API void* ts_wrap(void* data, const int64_t* sizes, int32_t ndim, int32_t dtype, void (*release)(void*), void* context) {
  return shim::guarded_value<void*>(nullptr, [&] {
    auto options = c10::TensorOptions(c10::ScalarType(dtype));
    return own(at::from_blob(data, c10::IntArrayRef(sizes, size_t(ndim)), [release, context](void*) { if (release) release(context); }, options));
  });
}
