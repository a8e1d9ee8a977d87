// What CUDA's own headers are needed for. Without them operators use the default stream, as nothing else here can change it.
#include "shim.h"

#if TS_CUDA
#include <c10/cuda/CUDAStream.h>
#endif

TS_API int32_t ts_cuda_stream(int32_t device, void** stream) {
  *stream = nullptr;
  return shim::guarded([&] {
#if TS_CUDA
    *stream = c10::cuda::getCurrentCUDAStream(c10::DeviceIndex(device)).stream();
#else
    (void)device;
#endif
  });
}
