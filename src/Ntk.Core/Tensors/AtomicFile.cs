namespace Ntk.Core.Tensors;

/// <summary>A file that is written whole or not at all: beside the target under a passing name, then renamed.</summary>
public sealed class AtomicFile : IDisposable
{
    private readonly string _target;
    private readonly bool _overwrite;
    private bool _kept;

    /// <summary>Prepares to write <paramref name="path"/>.</summary>
    /// <exception cref="NtkException">The folder does not exist, the path is a folder's, or the file exists and is not to be overwritten.</exception>
    public AtomicFile(string path, bool overwrite = true)
    {
        string full = Path.GetFullPath(path);
        // A link stays a link: what it points to is replaced.
        _target = File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
        _overwrite = overwrite;
        string folder = Path.GetDirectoryName(_target) ?? _target;
        if (!Directory.Exists(folder))
        {
            throw new NtkException(NtkErrorId.PathNotFound, $"The folder '{folder}' does not exist; make it before '{Path.GetFileName(path)}' is written to it.") { Target = path };
        }
        if (Directory.Exists(_target))
        {
            throw new NtkException(NtkErrorId.FileWriteFailed, $"'{path}' is a folder; give a file name in it.") { Target = path };
        }
        if (!overwrite && File.Exists(_target))
        {
            throw Exists(path);
        }
        TemporaryPath = Path.Combine(folder, $".{Path.GetFileName(_target)}.{Guid.NewGuid():N}.tmp");
    }

    /// <summary>Where to write.</summary>
    public string TemporaryPath { get; }

    /// <summary>Writes a whole file through a stream.</summary>
    /// <exception cref="NtkException">It cannot be written; what was there is untouched.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; likewise.</exception>
    public static void Write(string path, bool overwrite, Action<Stream> content, CancellationToken cancellation = default)
    {
        using var file = new AtomicFile(path, overwrite);
        try
        {
            using (var stream = new StoppableFile(file.TemporaryPath, cancellation))
            {
                content(stream);
            }
            file.Keep();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw file.Failed(path, e);
        }
    }

    /// <summary>Gives the written file its name.</summary>
    public void Keep()
    {
        try
        {
            File.Move(TemporaryPath, _target, _overwrite);
            _kept = true;
        }
        catch (IOException) when (!_overwrite && File.Exists(_target))
        {
            throw Exists(_target);
        }
    }

    /// <summary>The error of a file that could not be written; the passing name means nothing to anyone.</summary>
    public NtkException Failed(string path, Exception cause) => new(NtkErrorId.FileWriteFailed, cause is UnauthorizedAccessException
        ? $"'{path}' could not be written: this user may not write in its folder."
        : $"'{path}' could not be written: {cause.Message.Replace(TemporaryPath, path, StringComparison.Ordinal)}", cause) { Target = path };

    /// <summary>Removes what was written, unless it was kept.</summary>
    public void Dispose()
    {
        if (!_kept)
        {
            try
            {
                File.Delete(TemporaryPath);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The first error is the one to tell; a stray file with a telling name is left.
            }
        }
    }

    // Whatever writes, be it a library that knows of no end before its own, is stopped where it writes.
    private sealed class StoppableFile(string path, CancellationToken stop) : FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16)
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            stop.ThrowIfCancellationRequested();
            base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            stop.ThrowIfCancellationRequested();
            base.Write(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            stop.ThrowIfCancellationRequested();
            return base.WriteAsync(buffer, offset, count, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            stop.ThrowIfCancellationRequested();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }

    private static NtkException Exists(string path) =>
        new(NtkErrorId.FileExists, $"'{path}' exists already; leave out -NoClobber to overwrite it, or choose another name.") { Target = path };
}
