using System.Buffers.Binary;
using System.Text.Json;
using Google.Protobuf;
using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.TensorFlowJs;

/// <summary>
/// Reads the weights of a TensorFlow.js model: groups of files (shards) beside <c>model.json</c> which, joined, hold the weights of the group one behind the other.
/// </summary>
/// <param name="path">The <c>model.json</c>.</param>
/// <param name="cancellation">Stops between weights.</param>
internal sealed class WeightManifest(string path, CancellationToken cancellation)
{
    private const int LengthBytes = 4;

    /// <summary>Reads all weights, in the file's order.</summary>
    /// <param name="manifest">The model's <c>weightsManifest</c>.</param>
    /// <exception cref="NtkException">A shard is missing, too short or too long, or a weight is described in a way that the format does not know; file and weight are named.</exception>
    public IReadOnlyList<StoredWeight> Read(JsonElement manifest)
    {
        var weights = new List<StoredWeight>();
        foreach (JsonElement group in manifest.EnumerateArray())
        {
            string[] files = group.GetProperty("paths").EnumerateArray().Select(p => Shard(p.GetString()!)).ToArray();
            using var shards = new ShardReader(files, path);
            foreach (JsonElement weight in group.GetProperty("weights").EnumerateArray())
            {
                cancellation.ThrowIfCancellationRequested();
                weights.Add(Read(weight, shards));
            }
            shards.RequireEnd();
        }
        string? twice = weights.GroupBy(w => w.Name).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? weights : throw Corrupt($"it lists the weight '{twice}' twice");
    }

    private StoredWeight Read(JsonElement weight, ShardReader shards)
    {
        string name = weight.GetProperty("name").GetString()!;
        try
        {
            int[] shape = weight.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32() is >= 0 and var size ? size : throw new InvalidDataException($"it has a size of {d}")).ToArray();
            string type = weight.GetProperty("dtype").GetString()!;
            NtkDType dtype = StoredWeight.TypeOf(type) ?? throw new InvalidDataException($"its type '{type}' is none of the format");
            long count = shape.Aggregate(1L, (n, d) => checked(n * d));
            if (dtype == NtkDType.String)
            {
                return new StoredWeight(name, dtype, shape, [], ReadTexts(shards, name, count));
            }
            Quantization? quantization = Quantized(weight);
            NtkDType stored = quantization is null ? dtype : StoredWeight.TypeOf(quantization.DType)!.Value;
            byte[] content = shards.Take(count * stored.Size(), name);
            return new StoredWeight(name, dtype, shape, quantization is null ? content : StoredWeight.Restore(content, quantization, dtype), []);
        }
        catch (Exception error) when (error is InvalidDataException or OverflowException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Corrupt($"the weight '{name}': {error.Message.TrimEnd('.')}", error);
        }
    }

    private static Quantization? Quantized(JsonElement weight)
    {
        if (!weight.TryGetProperty("quantization", out JsonElement quantization) || quantization.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        string type = quantization.GetProperty("dtype").GetString()!;
        return type switch
        {
            "float16" => new Quantization(type, 1, 0),
            "uint8" or "uint16" => new Quantization(type, JsonTree.Number(quantization.GetProperty("scale")), JsonTree.Number(quantization.GetProperty("min"))),
            _ => throw new InvalidDataException($"it is quantised to '{type}', not to uint8, uint16 or float16"),
        };
    }

    // Each text behind its length in bytes.
    private static ByteString[] ReadTexts(ShardReader shards, string name, long count)
    {
        var texts = new List<ByteString>();
        for (long i = 0; i < count; i++)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(shards.Take(LengthBytes, name));
            texts.Add(UnsafeByteOperations.UnsafeWrap(shards.Take(length, name)));
        }
        return texts.ToArray();
    }

    // A shard lies in the model's folder or below it: a file has no business to name any other.
    private string Shard(string name)
    {
        string folder = Path.GetDirectoryName(path)!, full = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(name)));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full : throw Corrupt($"it names the shard '{name}', which lies outside its folder");
    }

    private NtkException Corrupt(string what, Exception? inner = null) => new(NtkErrorId.FileCorrupt, $"'{path}' is damaged: {what}.", inner) { Target = path };
}
