namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // State in and out: parameters and persistent buffers by full name.
        public partial class Module
        {
            /// <summary>The live parameters and persistent buffers by full name; a tensor registered under several names has an entry for each.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string Full(string name) => string.IsNullOrEmpty(prefix) ? name : $"{prefix}.{name}";
                foreach (var (name, parameter) in named_parameters(recurse: false)) destination.TryAdd(Full(name), parameter);
                foreach (var (name, buffer) in named_buffers(recurse: false, include_nonpersistent: false)) destination.TryAdd(Full(name), buffer);
                foreach (var (name, child) in named_children()) child.state_dict(destination, Full(name));
                return destination;
            }

            /// <summary>Copies the values of <paramref name="source"/> into the tensors of the same names.</summary>
            /// <exception cref="InvalidOperationException">Names are missing or unexpected and <paramref name="strict"/>, or shapes differ.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var destination = state_dict();
                bool Wanted(string key) => skip is null || !skip.Contains(key);
                var unexpected = source.Keys.Where(key => Wanted(key) && !destination.ContainsKey(key)).ToList();
                var missing = destination.Keys.Where(key => Wanted(key) && !source.ContainsKey(key)).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException(
                        $"The state does not match {GetName()}: missing [{string.Join(", ", missing)}], unexpected [{string.Join(", ", unexpected)}]; "
                        + "pass strict: false to load what matches.");

                using var _ = no_grad();
                foreach (var (key, value) in source)
                {
                    if (!Wanted(key) || !destination.TryGetValue(key, out var target)) continue;
                    if (!target.shape.AsSpan().SequenceEqual(value.shape))
                        throw new InvalidOperationException(
                            $"'{key}' of {GetName()} has shape [{string.Join(", ", target.shape)}], the loaded one [{string.Join(", ", value.shape)}].");
                    target.copy_(value);
                }
                return (missing, unexpected);
            }

            public Module save(string location, IList<string>? skip = null)
            {
                using var stream = File.Create(location);
                return save(stream, skip);
            }

            public Module save(Stream stream, IList<string>? skip = null)
            {
                using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
                return save(writer, skip);
            }

            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                save_state_dict(writer, state_dict(), skip);
                return this;
            }

            /// <summary>Writes the number of entries (LEB128), then each name and tensor.</summary>
            public static void save_state_dict(BinaryWriter writer, Dictionary<string, Tensor> sd, IList<string>? skip = null)
            {
                var entries = sd.Where(entry => skip is null || !skip.Contains(entry.Key)).ToList();
                writer.Write7BitEncodedInt(entries.Count);
                foreach (var (key, value) in entries)
                {
                    writer.Write(key);
                    value.Save(writer);
                }
            }

            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var stream = File.OpenRead(location);
                return load(stream, strict, skip, loadedParameters);
            }

            public Module load(Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
                return load(reader, strict, skip, loadedParameters);
            }

            public virtual Module load(BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                var loaded = new Dictionary<string, Tensor>();
                try
                {
                    var count = reader.Read7BitEncodedInt();
                    for (var i = 0; i < count; i++) loaded.Add(reader.ReadString(), TensorStream.Read(reader));
                    var (missing, unexpected) = load_state_dict(loaded, strict, skip);
                    if (loadedParameters is not null)
                    {
                        foreach (var key in state_dict().Keys)
                            loadedParameters[key] = !missing.Contains(key) && (skip is null || !skip.Contains(key));
                        foreach (var key in unexpected) loadedParameters.Remove(key);
                    }
                }
                finally
                {
                    foreach (var tensor in loaded.Values) tensor.Dispose();
                }
                return this;
            }
        }
    }
}
