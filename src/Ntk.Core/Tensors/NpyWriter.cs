using System.IO.MemoryMappedFiles;

namespace Ntk.Core.Tensors;

/// <summary>A .npy file made at full size and mapped into memory, to be filled tile by tile; it gets its name only when complete.</summary>
public sealed class NpyWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly string _path;
    private readonly string? _name;
    private readonly TensorBuffer? _buffer;

    /// <summary>Makes the file under a passing name, its disk space reserved.</summary>
    /// <exception cref="NtkException">It cannot be made, or the disk has no room for it.</exception>
    public NpyWriter(string path, NtkDType dtype, int[] shape, string? name = null, bool overwrite = true)
    {
        _path = Path.GetFullPath(path);
        _name = name;
        byte[] header = NpyHeader.Write(dtype, shape);
        long bytes = checked(NtkShape.Count(shape) * dtype.Size());
        _file = new AtomicFile(path, overwrite);
        try
        {
            // Reserved, not sparse: a full disk is told of here, not by a fault in the middle of a tile.
            using (var stream = new FileStream(_file.TemporaryPath, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                PreallocationSize = header.Length + bytes,
            }))
            {
                stream.Write(header);
                stream.SetLength(header.Length + bytes);
            }
            if (bytes == 0)
            {
                Tensor = NtkTensor.Allocate(dtype, shape, name);
                return;
            }
            var map = MemoryMappedFile.CreateFromFile(_file.TemporaryPath, FileMode.Open, null, 0, MemoryMappedFileAccess.ReadWrite);
            _buffer = TensorBuffer.Map(map, header.Length, bytes, MemoryMappedFileAccess.ReadWrite);
            Tensor = new NtkTensor(name, dtype, shape, _buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _file.Dispose();
            throw _file.Failed(path, e);
        }
    }

    /// <summary>The file's elements, zero until written.</summary>
    public NtkTensor Tensor { get; }

    /// <summary>Writes the file out, gives it its name and opens it for reading; <see cref="Tensor"/> is gone then.</summary>
    /// <exception cref="NtkException">It cannot be written or renamed.</exception>
    public NtkTensor Complete()
    {
        try
        {
            _buffer?.Flush();
            // Not every system renames a file that is mapped.
            Tensor.Dispose();
            _file.Keep();
            return NpyFile.Read(_path, _name, map: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw _file.Failed(_path, e);
        }
    }

    /// <summary>Removes the file, unless it was completed.</summary>
    public void Dispose()
    {
        Tensor.Dispose();
        _file.Dispose();
    }
}
