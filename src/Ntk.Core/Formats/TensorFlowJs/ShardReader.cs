namespace Ntk.Core.Formats.TensorFlowJs;

/// <summary>The shards of one group of weights, read as if they were one file.</summary>
/// <param name="files">The shards in order.</param>
/// <param name="model">The <c>model.json</c> that lists them.</param>
internal sealed class ShardReader(string[] files, string model) : IDisposable
{
    private FileStream? _open;
    private int _next;
    private long _taken;

    /// <summary>The next bytes, which may lie in several shards.</summary>
    /// <param name="count">How many.</param>
    /// <param name="weight">The weight that they belong to, for errors.</param>
    /// <exception cref="NtkException">The shards end before, or one is missing.</exception>
    public byte[] Take(long count, string weight)
    {
        long left = Lengths(weight) - _taken;
        if (count > left || count > Array.MaxLength)
        {
            string all = string.Join(", ", files.Select(f => $"'{f}'"));
            throw new NtkException(NtkErrorId.FileCorrupt, $"{(files.Length == 0 ? $"'{model}' lists no shard" : files.Length == 1 ? $"{all} is truncated" : $"The shards {all} are truncated")}: " +
                $"the weight '{weight}' has {count:N0} bytes behind the first {_taken:N0}, and {Math.Max(left, 0):N0} are left.") { Target = files.LastOrDefault() ?? model };
        }
        var bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int read = _open?.Read(bytes, done, (int)count - done) ?? 0;
            if (read == 0)
            {
                _open?.Dispose();
                _open = File.OpenRead(files[_next++]);
            }
            done += read;
        }
        _taken += count;
        return bytes;
    }

    /// <summary>Checks that nothing is left.</summary>
    /// <exception cref="NtkException">The shards hold more than the weights listed: they are those of another model.</exception>
    public void RequireEnd()
    {
        long total = files.Length == 0 ? 0 : Lengths(null);
        if (total != _taken)
        {
            throw new NtkException(NtkErrorId.FileCorrupt,
                $"{string.Join(", ", files.Select(f => $"'{f}'"))} {(files.Length == 1 ? "has" : "have")} {total:N0} bytes, and '{model}' lists weights of {_taken:N0}: they do not belong together.") { Target = files[^1] };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _open?.Dispose();

    private long Lengths(string? weight) => files.Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length
        : throw new NtkException(NtkErrorId.VariablesMissing, $"'{file}' is missing: {(weight is null ? $"'{model}' lists it as part of the weights" : $"the weight '{weight}' is stored in it or a shard before it")}.") { Target = file });
}
