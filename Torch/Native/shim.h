// The C interface between GShard.Torch and libtorch. One boxed entry point carries every operator; the rest is what no operator gives.
#pragma once
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <c10/util/Exception.h>

#define TS_API extern "C" __attribute__((visibility("default")))

// The kinds of value an argument or a result may carry. GShard.Torch.Argument mirrors the numbers.
enum ts_tag : int32_t {
  TS_NONE = 0,         // null, or an absent optional
  TS_DEFAULT = 1,      // the schema's default
  TS_TENSOR = 2,       // v.p: tensor handle
  TS_INT = 3,          // v.i: int, scalar, dtype, layout or memory format
  TS_DOUBLE = 4,       // v.d
  TS_BOOL = 5,         // v.i: 0 or 1
  TS_COMPLEX = 6,      // v.p: two doubles
  TS_INTS = 7,         // v.p: int64[len]
  TS_DOUBLES = 8,      // v.p: double[len]
  TS_BOOLS = 9,        // v.p: int64[len], each 0 or 1
  TS_TENSORS = 10,     // v.p: tensor handles [len], 0 for an absent optional
  TS_STRING = 11,      // v.p: UTF-8, len bytes
  TS_DEVICE = 12,      // v.i: type in the low half, index in the high half
  TS_GENERATOR = 13,   // v.p: generator handle
};

// 16 bytes, blittable. As a result, lists are owned by the caller and freed with ts_free.
struct ts_arg {
  int32_t tag;
  int32_t len;
  union {
    int64_t i;
    double d;
    void* p;
  } v;
};

namespace shim {

// Text of the last error on this thread; read by ts_last_error.
std::string& last_error();

template <class Body>
int32_t guarded(Body&& body) {
  try {
    body();
    return 0;
  } catch (const c10::Error& e) {
    last_error() = e.what_without_backtrace();
  } catch (const std::exception& e) {
    last_error() = e.what();
  } catch (...) {
    last_error() = "unknown native error";
  }
  return 1;
}

// The value of a function that may throw; `failed` tells the caller to read the error.
template <class T, class Body>
T guarded_value(T failed, Body&& body) {
  T result = failed;
  guarded([&] { result = body(); });
  return result;
}

}  // namespace shim
