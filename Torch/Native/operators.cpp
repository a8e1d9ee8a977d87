// Every ATen operator through the dispatcher's boxed calling convention.
#include "handles.h"
#include "shim.h"

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

using c10::IValue;

namespace {

// c10::optional until 2.5, std::optional since.
using OptionalTensor = decltype(std::declval<IValue>().toOptional<at::Tensor>());

enum class Kind : uint8_t { other, tensor, number, ints, doubles, bools, tensors, optional_tensors };

struct Parameter {
  Kind kind = Kind::other;
  bool nullable = false;
  bool has_default = false;
  int64_t width = 1;  // of a fixed-size list such as int[2], which one number fills
  IValue fallback;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

Kind list_kind(const c10::TypePtr& element) {
  switch (element->kind()) {
    case c10::TypeKind::TensorType: return Kind::tensors;
    case c10::TypeKind::OptionalType: return Kind::optional_tensors;
    case c10::TypeKind::FloatType: return Kind::doubles;
    case c10::TypeKind::BoolType: return Kind::bools;
    default: return Kind::ints;
  }
}

Parameter describe(const c10::Argument& argument) {
  Parameter p;
  c10::TypePtr type = argument.type();
  if (auto optional = type->cast<c10::OptionalType>()) {
    p.nullable = true;
    type = optional->getElementType();
  }
  if (type->kind() == c10::TypeKind::TensorType) p.kind = Kind::tensor;
  if (type->kind() == c10::TypeKind::FloatType) p.kind = Kind::number;
  if (auto list = type->cast<c10::ListType>()) p.kind = list_kind(list->getElementType());
  if (argument.N()) p.width = *argument.N();
  if (argument.default_value()) {
    p.has_default = true;
    p.fallback = *argument.default_value();
  }
  return p;
}

template <class T, class Read>
c10::List<T> list_of(int64_t count, Read&& read) {
  c10::List<T> list;
  list.reserve(count);
  for (int64_t i = 0; i < count; ++i) list.push_back(read(i));
  return list;
}

IValue list_value(const ts_arg& a, const Parameter& p) {
  switch (a.tag) {
    case TS_INTS: {
      auto* values = static_cast<const int64_t*>(a.v.p);
      if (p.kind == Kind::doubles) return list_of<double>(a.len, [&](int64_t i) { return double(values[i]); });
      return list_of<int64_t>(a.len, [&](int64_t i) { return values[i]; });
    }
    case TS_DOUBLES: {
      auto* values = static_cast<const double*>(a.v.p);
      return list_of<double>(a.len, [&](int64_t i) { return values[i]; });
    }
    case TS_BOOLS: {
      auto* values = static_cast<const int64_t*>(a.v.p);
      return list_of<bool>(a.len, [&](int64_t i) { return values[i] != 0; });
    }
    default: {
      auto* values = static_cast<void* const*>(a.v.p);
      if (p.kind == Kind::optional_tensors)
        return list_of<OptionalTensor>(a.len, [&](int64_t i) {
          return values[i] ? OptionalTensor(shim::borrow(values[i])) : OptionalTensor();
        });
      return list_of<at::Tensor>(a.len, [&](int64_t i) { return shim::borrow(values[i]); });
    }
  }
}

IValue to_value(const ts_arg& a, const Parameter& p) {
  switch (a.tag) {
    case TS_NONE:
      return p.kind == Kind::tensor && p.nullable ? IValue(at::Tensor()) : IValue();
    case TS_TENSOR: return shim::borrow(a.v.p);
    case TS_INT:
      if (p.kind == Kind::number) return double(a.v.i);
      if (p.kind == Kind::ints) return list_of<int64_t>(p.width, [&](int64_t) { return a.v.i; });
      return a.v.i;
    case TS_DOUBLE:
      if (p.kind == Kind::doubles) return list_of<double>(p.width, [&](int64_t) { return a.v.d; });
      return a.v.d;
    case TS_BOOL: return a.v.i != 0;
    case TS_COMPLEX: {
      auto* parts = static_cast<const double*>(a.v.p);
      return c10::complex<double>(parts[0], parts[1]);
    }
    case TS_STRING: return std::string(static_cast<const char*>(a.v.p), a.len);
    case TS_DEVICE:
      return c10::Device(c10::DeviceType(int8_t(a.v.i & 0xff)), c10::DeviceIndex(a.v.i >> 32));
    case TS_GENERATOR: return shim::borrow_generator(a.v.p);
    default: return list_value(a, p);
  }
}

void set_tensors(ts_arg& out, std::vector<at::Tensor>&& tensors) {
  auto** handles = static_cast<void**>(std::malloc(tensors.size() * sizeof(void*) + 1));
  for (size_t i = 0; i < tensors.size(); ++i) handles[i] = shim::own(std::move(tensors[i]));
  out.tag = TS_TENSORS;
  out.len = int32_t(tensors.size());
  out.v.p = handles;
}

void from_value(IValue&& value, ts_arg& out) {
  out = {TS_NONE, 0, {0}};
  if (value.isTensor()) {
    out.v.p = shim::own(std::move(value).toTensor());
    out.tag = out.v.p ? TS_TENSOR : TS_NONE;
  } else if (value.isTensorList()) {
    set_tensors(out, value.toTensorVector());
  } else if (value.isInt()) {
    out.tag = TS_INT;
    out.v.i = value.toInt();
  } else if (value.isDouble()) {
    out.tag = TS_DOUBLE;
    out.v.d = value.toDouble();
  } else if (value.isBool()) {
    out.tag = TS_BOOL;
    out.v.i = value.toBool();
  } else if (value.isComplexDouble()) {
    auto* parts = static_cast<double*>(std::malloc(2 * sizeof(double)));
    parts[0] = value.toComplexDouble().real();
    parts[1] = value.toComplexDouble().imag();
    out.tag = TS_COMPLEX;
    out.v.p = parts;
  } else if (value.isIntList()) {
    auto values = value.toIntVector();
    auto* copy = static_cast<int64_t*>(std::malloc(values.size() * sizeof(int64_t) + 1));
    if (!values.empty()) std::memcpy(copy, values.data(), values.size() * sizeof(int64_t));
    out.tag = TS_INTS;
    out.len = int32_t(values.size());
    out.v.p = copy;
  } else if (!value.isNone()) {
    throw std::runtime_error("a result of type " + value.tagKind() + " cannot be returned");
  }
}

const c10::FunctionSchema& schema(const Operator& op) { return op.handle.schema(); }

[[noreturn]] void fail(const Operator& op, size_t index, const char* what) {
  std::ostringstream text;
  text << schema(op).operator_name() << ": argument '" << schema(op).arguments()[index].name() << "' " << what << " in " << schema(op);
  throw std::runtime_error(text.str());
}

void push_arguments(const Operator& op, const ts_arg* args, int32_t count, std::vector<IValue>& stack) {
  if (size_t(count) > op.parameters.size()) {
    std::ostringstream text;
    text << schema(op).operator_name() << " takes " << op.parameters.size() << " arguments and got " << count << ": " << schema(op);
    throw std::runtime_error(text.str());
  }
  for (size_t i = 0; i < op.parameters.size(); ++i) {
    const Parameter& p = op.parameters[i];
    if (int32_t(i) >= count || args[i].tag == TS_DEFAULT) {
      if (!p.has_default) fail(op, i, "is missing");
      stack.push_back(p.fallback);
    } else {
      if (args[i].tag == TS_NONE && !p.nullable) fail(op, i, "must not be null");
      stack.push_back(to_value(args[i], p));
    }
  }
}

// The stack is reused between calls; a nested call on the same thread finds it taken and makes its own.
struct Stack {
  static std::vector<IValue>& spare() {
    static thread_local std::vector<IValue> values;
    return values;
  }
  std::vector<IValue> values;
  Stack() { values.swap(spare()); }
  ~Stack() {
    values.clear();
    values.swap(spare());
  }
};

}  // namespace

// The operator with this schema name ("aten::add") and overload ("Tensor", or empty); null with an error if libtorch has none. Never freed.
TS_API void* ts_operator(const char* name, const char* overload) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    auto op = new Operator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), {}};
    for (const auto& argument : schema(*op).arguments()) op->parameters.push_back(describe(argument));
    return op;
  });
}

// Calls an operator. Missing trailing arguments take the schema's defaults. `results` 0 drops what it returns (in-place and out forms).
TS_API int32_t ts_call(void* handle, const ts_arg* args, int32_t count, ts_arg* out, int32_t results) {
  return shim::guarded([&] {
    const Operator& op = *static_cast<Operator*>(handle);
    Stack stack;
    push_arguments(op, args, count, stack.values);
    op.handle.callBoxed(&stack.values);
    if (size_t(results) > stack.values.size()) {
      std::ostringstream text;
      text << schema(op).operator_name() << " returns " << stack.values.size() << " values, not " << results << ": " << schema(op);
      throw std::runtime_error(text.str());
    }
    for (int32_t i = 0; i < results; ++i) from_value(std::move(stack.values[i]), out[i]);
  });
}

TS_API void ts_free(void* list) { std::free(list); }
