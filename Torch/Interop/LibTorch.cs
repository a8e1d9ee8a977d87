namespace GShard.Torch;

/// <summary>The C interface of <c>libgshard_torch</c>. Getters that only read a field skip the GC transition.</summary>
internal static unsafe partial class LibTorch
{
    private const string Library = "gshard_torch";

    /// <summary>Bytes of tensor memory in use, as the allocator counts them.</summary>
    internal static readonly long* LiveBytes;

    static LibTorch()
    {
        try
        {
            LiveBytes = ts_allocator_install();
        }
        catch (DllNotFoundException missing)
        {
            throw new DllNotFoundException(
                "libgshard_torch.so or the libtorch under it cannot be loaded. It is built with GShard.Torch where libtorch is found: install it "
                + "(apt-get install libtorch-dev libopenblas0-pthread g++), or point LIBTORCH at a libtorch folder, and build again.",
                missing);
        }
    }

    /// <summary>libtorch's message for the error that has just been signalled on this thread.</summary>
    internal static ExternalException LastError() => new(Marshal.PtrToStringUTF8((nint)ts_last_error()));

    internal static void Check(int failed)
    {
        if (failed != 0)
            throw LastError();
    }

    internal static IntPtr Check(IntPtr handle) => handle != IntPtr.Zero ? handle : throw LastError();

    [LibraryImport(Library)] private static partial byte* ts_last_error();
    [LibraryImport(Library)] internal static partial byte* ts_version();

    [LibraryImport(Library)] internal static partial IntPtr ts_operator(byte* name, byte* overload);
    [LibraryImport(Library)] internal static partial int ts_call(IntPtr op, NativeArgument* args, int count, NativeArgument* results, int resultCount);
    [LibraryImport(Library)] internal static partial void ts_free(void* list);

    [LibraryImport(Library)] internal static partial void ts_release(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr ts_retain(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr ts_copy_from(void* data, long bytes, long* sizes, int ndim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr ts_wrap(void* data, long* sizes, int ndim, int dtype, delegate* unmanaged<IntPtr, void> release, IntPtr context);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int ts_dtype(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_ndim(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_numel(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_element_size(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_storage_offset(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int ts_is_contiguous(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_size(IntPtr tensor, long dim);
    [LibraryImport(Library), SuppressGCTransition] internal static partial void ts_sizes(IntPtr tensor, long* sizes);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long ts_device(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int ts_is_sparse(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ts_strides(IntPtr tensor, long* strides);
    [LibraryImport(Library)] internal static partial void* ts_data(IntPtr tensor);

    [LibraryImport(Library), SuppressGCTransition] internal static partial int ts_requires_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ts_set_requires_grad(IntPtr tensor, int value);
    [LibraryImport(Library)] internal static partial int ts_is_leaf(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ts_retain_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr ts_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ts_set_grad(IntPtr tensor, IntPtr gradient);
    [LibraryImport(Library)] internal static partial int ts_backward(IntPtr* roots, IntPtr* gradients, int count, int retainGraph, int createGraph, IntPtr* inputs, int inputCount);
    [LibraryImport(Library)] internal static partial int ts_gradients(IntPtr* outputs, IntPtr* gradients, int count, IntPtr* inputs, int inputCount, int retainGraph, int createGraph, int allowUnused, IntPtr* results);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int ts_grad_mode();
    [LibraryImport(Library), SuppressGCTransition] internal static partial void ts_set_grad_mode(int enabled);
    [LibraryImport(Library)] internal static partial IntPtr ts_inference_begin(int enabled);
    [LibraryImport(Library)] internal static partial void ts_inference_end(IntPtr guard);
    [LibraryImport(Library)] internal static partial int ts_inference_mode();
    [LibraryImport(Library)] internal static partial int ts_anomaly_mode();
    [LibraryImport(Library)] internal static partial int ts_anomaly_checks_nan();
    [LibraryImport(Library)] internal static partial void ts_set_anomaly_mode(int enabled, int checkNaN);

    [LibraryImport(Library)] internal static partial int ts_set_threads(int count);
    [LibraryImport(Library)] internal static partial int ts_threads();
    [LibraryImport(Library)] internal static partial int ts_set_interop_threads(int count);
    [LibraryImport(Library)] internal static partial int ts_interop_threads();
    [LibraryImport(Library)] internal static partial int ts_set_blas_threads(int count);
    [LibraryImport(Library)] internal static partial int ts_blas_threads();
    [LibraryImport(Library)] internal static partial int ts_cuda_devices();
    [LibraryImport(Library)] internal static partial int ts_cuda_stream(int device, out IntPtr stream);

    [LibraryImport(Library)] internal static partial int ts_manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr ts_generator_new(ulong seed, long device);
    [LibraryImport(Library)] internal static partial IntPtr ts_generator_default();
    [LibraryImport(Library)] internal static partial void ts_generator_release(IntPtr generator);
    [LibraryImport(Library)] internal static partial ulong ts_generator_seed(IntPtr generator);
    [LibraryImport(Library)] internal static partial int ts_generator_set_seed(IntPtr generator, ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr ts_generator_state(IntPtr generator);
    [LibraryImport(Library)] internal static partial int ts_generator_set_state(IntPtr generator, IntPtr state);

    [LibraryImport(Library)] private static partial long* ts_allocator_install();
    [LibraryImport(Library)] internal static partial void ts_allocator_statistics(AllocatorStatistics* statistics);
    [LibraryImport(Library)] internal static partial void ts_allocator_reset_peak();
    [LibraryImport(Library)] internal static partial long ts_allocator_trim();
    [LibraryImport(Library)] internal static partial void ts_allocator_set_cache_limit(long bytes);
    [LibraryImport(Library)] internal static partial long ts_allocator_cache_limit();

    [LibraryImport(Library)] internal static partial IntPtr ts_barrier_create(int parties);
    [LibraryImport(Library)] internal static partial void ts_barrier_free(IntPtr barrier);
    [LibraryImport(Library)] internal static partial void ts_barrier_abort(IntPtr barrier);
    [LibraryImport(Library)] internal static partial int ts_barrier_is_aborted(IntPtr barrier);
    [LibraryImport(Library)] internal static partial int ts_barrier_wait(IntPtr barrier, long timeoutMilliseconds);

    [LibraryImport(Library)] internal static partial int ts_has_gloo();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial IntPtr ts_store_tcp(string host, int port, int server, long timeoutMilliseconds);
    [LibraryImport(Library)] internal static partial int ts_store_port(IntPtr store);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial IntPtr ts_store_prefix(IntPtr store, string prefix);
    [LibraryImport(Library)] internal static partial void ts_store_release(IntPtr store);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial IntPtr ts_gloo_create(IntPtr store, int rank, int size, string host, long timeoutMilliseconds);
    [LibraryImport(Library)] internal static partial void ts_gloo_release(IntPtr group);
    [LibraryImport(Library)] internal static partial IntPtr ts_gloo_send(IntPtr group, int member, int tag, IntPtr data, long count);
    [LibraryImport(Library)] internal static partial IntPtr ts_gloo_receive(IntPtr group, int member, int tag, IntPtr data, long count);
    [LibraryImport(Library)] internal static partial IntPtr ts_gloo_all_reduce(IntPtr group, IntPtr data, long count, int dtype, int operation);
    [LibraryImport(Library)] internal static partial int ts_work_wait(IntPtr work, long timeoutMilliseconds);
    [LibraryImport(Library)] internal static partial int ts_message_wait(IntPtr work, long timeoutMilliseconds);
    [LibraryImport(Library)] internal static partial void ts_work_release(IntPtr work);
}
