// c10d's key-value stores, over which a process group finds its members.
#include "distributed.h"
#include "shim.h"

TS_API int32_t ts_has_gloo() { return TS_GLOO; }

#if TS_GLOO
using shim::StorePointer;

// The store of a host and port; the server takes any free port where the port is 0.
TS_API void* ts_store_tcp(const char* host, int32_t port, int32_t server, int64_t timeout_ms) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    c10d::TCPStoreOptions options;
    options.port = uint16_t(port);
    options.isServer = server != 0;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    return new StorePointer(c10::make_intrusive<c10d::TCPStore>(std::string(host), options));
  });
}

TS_API int32_t ts_store_port(void* store) {
  return static_cast<c10d::TCPStore*>(static_cast<StorePointer*>(store)->get())->getPort();
}

TS_API void* ts_store_prefix(void* store, const char* prefix) {
  return shim::guarded_value<void*>(nullptr, [&]() -> void* {
    return new StorePointer(c10::make_intrusive<c10d::PrefixStore>(std::string(prefix), *static_cast<StorePointer*>(store)));
  });
}

TS_API void ts_store_release(void* store) {
  shim::guarded([&] { delete static_cast<StorePointer*>(store); });
}
#else
TS_API void* ts_store_tcp(const char*, int32_t, int32_t, int64_t) { return nullptr; }
TS_API int32_t ts_store_port(void*) { return 0; }
TS_API void* ts_store_prefix(void*, const char*) { return nullptr; }
TS_API void ts_store_release(void*) {}
#endif
