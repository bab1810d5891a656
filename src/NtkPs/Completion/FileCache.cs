using System.Collections.Concurrent;

namespace NtkPs;

/// <summary>What was found in files, for as long as they are not written to.</summary>
internal sealed class FileCache<T>
{
    private const int Most = 16;
    private readonly ConcurrentDictionary<string, (DateTime Written, long Length, T Value)> _entries = new(StringComparer.Ordinal);

    /// <summary>What was found in a file under a key, or is found now.</summary>
    public T Get(string file, string key, Func<T> find)
    {
        var info = new FileInfo(file);
        if (_entries.TryGetValue(key, out var known) && known.Written == info.LastWriteTimeUtc && known.Length == info.Length)
        {
            return known.Value;
        }
        if (_entries.Count >= Most)
        {
            _entries.Clear();
        }
        T value = find();
        _entries[key] = (info.LastWriteTimeUtc, info.Length, value);
        return value;
    }
}
