// Handles are raw pointers to libtorch's intrusively counted objects, each holding one reference.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>

namespace shim {

using TensorPointer = c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
using GeneratorPointer = c10::intrusive_ptr<c10::GeneratorImpl>;

inline at::Tensor borrow(void* handle) {
  return handle ? at::Tensor(TensorPointer::reclaim_copy(static_cast<c10::TensorImpl*>(handle))) : at::Tensor();
}

inline void* own(at::Tensor&& tensor) {
  return tensor.defined() ? tensor.unsafeReleaseIntrusivePtr().release() : nullptr;
}

inline c10::TensorImpl& impl(void* handle) {
  return *static_cast<c10::TensorImpl*>(handle);
}

inline at::Generator borrow_generator(void* handle) {
  return at::Generator(GeneratorPointer::reclaim_copy(static_cast<c10::GeneratorImpl*>(handle)));
}

inline void* own_generator(at::Generator&& generator) {
  GeneratorPointer pointer = generator.getIntrusivePtr();
  return pointer.release();
}

}  // namespace shim
