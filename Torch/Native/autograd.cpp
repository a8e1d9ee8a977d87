// Gradients, grad mode and inference mode.
#include "handles.h"
#include "shim.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

using shim::borrow;
using shim::own;

namespace {

torch::autograd::variable_list variables(void* const* handles, int32_t count) {
  torch::autograd::variable_list list;
  list.reserve(size_t(count));
  for (int32_t i = 0; i < count; ++i) list.push_back(borrow(handles[i]));
  return list;
}

}  // namespace

TS_API int32_t ts_requires_grad(void* tensor) { return shim::impl(tensor).requires_grad(); }

TS_API int32_t ts_set_requires_grad(void* tensor, int32_t value) {
  return shim::guarded([&] { borrow(tensor).set_requires_grad(value != 0); });
}

TS_API int32_t ts_is_leaf(void* tensor) { return borrow(tensor).is_leaf(); }

TS_API int32_t ts_retain_grad(void* tensor) {
  return shim::guarded([&] { borrow(tensor).retain_grad(); });
}

// A new handle to the gradient, or null where there is none.
TS_API void* ts_grad(void* tensor) { return own(at::Tensor(borrow(tensor).grad())); }

TS_API int32_t ts_set_grad(void* tensor, void* gradient) {
  return shim::guarded([&] {
    at::Tensor target = borrow(tensor), value = borrow(gradient);
    if (value.defined() && value.sizes() != target.sizes()) {
      std::ostringstream text;
      text << "a gradient of shape " << value.sizes() << " cannot be set on a tensor of shape " << target.sizes();
      throw std::runtime_error(text.str());
    }
    target.mutable_grad() = value;
  });
}

// `gradients` may be null (ones, for scalars); with `inputs` only those leaves receive gradients.
TS_API int32_t ts_backward(void* const* roots, void* const* gradients, int32_t count, int32_t retain_graph, int32_t create_graph,
                           void* const* inputs, int32_t input_count) {
  return shim::guarded([&] {
    auto seeds = gradients ? variables(gradients, count) : torch::autograd::variable_list();
    torch::autograd::backward(variables(roots, count), seeds, retain_graph != 0, create_graph != 0, variables(inputs, input_count));
  });
}

// d outputs / d inputs into `results`, a null handle where an unused input is allowed.
TS_API int32_t ts_gradients(void* const* outputs, void* const* gradients, int32_t count, void* const* inputs, int32_t input_count,
                            int32_t retain_graph, int32_t create_graph, int32_t allow_unused, void** results) {
  return shim::guarded([&] {
    auto seeds = gradients ? variables(gradients, count) : torch::autograd::variable_list();
    auto list = torch::autograd::grad(variables(outputs, count), variables(inputs, input_count), seeds, retain_graph != 0,
                                      create_graph != 0, allow_unused != 0);
    for (int32_t i = 0; i < input_count; ++i) results[i] = own(std::move(list[size_t(i)]));
  });
}

TS_API int32_t ts_grad_mode() { return c10::GradMode::is_enabled(); }
TS_API void ts_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

// Guards nest and end on the thread that began them, last first.
TS_API void* ts_inference_begin(int32_t enabled) { return new c10::InferenceMode(enabled != 0); }
TS_API void ts_inference_end(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }
TS_API int32_t ts_inference_mode() { return c10::InferenceMode::is_enabled(); }

TS_API int32_t ts_anomaly_mode() { return torch::autograd::AnomalyMode::is_enabled(); }
TS_API int32_t ts_anomaly_checks_nan() { return torch::autograd::AnomalyMode::should_check_nan(); }
TS_API void ts_set_anomaly_mode(int32_t enabled, int32_t check_nan) {
  torch::autograd::AnomalyMode::set_enabled(enabled != 0, check_nan != 0);
}
