namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lies: a kind of device and, for an accelerator, its index (-1: the current one).</summary>
    public class Device
    {
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = deviceType == DeviceType.CPU ? -1 : index;
        }

        public Device(string deviceType, int index = -1)
            : this(Parse(deviceType), index)
        {
        }

        /// <param name="description">As in "cpu", "cuda" or "cuda:1".</param>
        public Device(string description)
        {
            int colon = description.IndexOf(':');
            type = Parse(colon < 0 ? description : description[..colon]);
            if (colon >= 0 && !int.TryParse(description.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out colon))
                throw new ArgumentException($"'{description}' is no device; write 'cpu', 'cuda' or 'cuda:1'", nameof(description));
            index = type == DeviceType.CPU ? -1 : colon;
        }

        public Device(int index)
            : this(DeviceType.CUDA, index)
        {
        }

        public DeviceType type { get; }

        public int index { get; }

        /// <summary>The shim's form: type in the low half, index in the high half.</summary>
        internal long Bits => (byte)type | ((long)index << 32);

        internal static Device FromBits(long bits) => new((DeviceType)(byte)bits, (int)(bits >> 32));

        public override string ToString() => index < 0 ? type.ToString().ToLowerInvariant() : $"{type.ToString().ToLowerInvariant()}:{index}";

        public static implicit operator Device(string description) => new(description);

        private static DeviceType Parse(string name) =>
            Enum.TryParse(name, ignoreCase: true, out DeviceType type) && !int.TryParse(name, out _)
                ? type
                : throw new ArgumentException($"'{name}' is no kind of device; write 'cpu' or 'cuda'", nameof(name));
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device META = new(DeviceType.META);

    private static Device? defaultDevice;

    public static Device CUDA => InitializeDevice(new Device(DeviceType.CUDA));

    public static Device device(string description) => InitializeDevice(new Device(description));

    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(int index) => InitializeDevice(new Device(DeviceType.CUDA, index));

    public static Device get_default_device() => defaultDevice ?? CPU;

    public static void set_default_device(Device device) => defaultDevice = InitializeDevice(device);

    public static void set_default_device(string device) => set_default_device(new Device(device));

    /// <summary>The device itself, or the default for null; an error where this libtorch lacks it.</summary>
    public static Device InitializeDevice(Device? device)
    {
        device ??= get_default_device();
        InitializeDeviceType(device.type);
        return device;
    }

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType))
            throw new InvalidOperationException($"this libtorch ({__version__}) has no {deviceType} device");
    }

    public static bool TryInitializeDeviceType(DeviceType deviceType) => deviceType switch
    {
        DeviceType.CPU or DeviceType.META => true,
        DeviceType.CUDA => cuda_is_available(),
        _ => false,
    };

    public static bool cuda_is_available() => cuda.is_available();

    public static bool mps_is_available() => false;

    public static string __version__ => Native.Version;

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static int device_count() => LibTorch.ts_cuda_devices();

        public static void manual_seed(long seed) => torch.manual_seed(seed);

        public static void manual_seed_all(long seed) => torch.manual_seed(seed);
    }
}
