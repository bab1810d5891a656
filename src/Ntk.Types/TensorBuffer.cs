using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Ntk;

/// <summary>A block of unmanaged memory that a tensor and its views share; freed when the last of them is gone.</summary>
internal abstract unsafe class TensorBuffer : SafeHandle
{
    private int _sharers;

    protected TensorBuffer() : base(0, ownsHandle: true) { }

    /// <summary>Bytes in the block.</summary>
    public long Length { get; protected init; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The block's address. The caller keeps the buffer alive while it uses it.</summary>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(NtkTensor));
            return (byte*)handle;
        }
    }

    /// <summary>A block in memory, zeroed.</summary>
    public static TensorBuffer Allocate(long bytes) => new NativeBuffer(bytes);

    /// <summary>A part of a file in memory; it takes over <paramref name="file"/>.</summary>
    public static TensorBuffer Map(MemoryMappedFile file, long offset, long bytes, MemoryMappedFileAccess access) => new MappedBuffer(file, offset, bytes, access);

    /// <summary>One more tensor uses the block.</summary>
    public void Share() => Interlocked.Increment(ref _sharers);

    /// <summary>One tensor fewer; the last one frees the block. Tensors that are only forgotten leave that to the finalizer.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _sharers) == 0)
        {
            Dispose();
        }
    }

    /// <summary>Writes what was changed in a mapped block to its file.</summary>
    public virtual void Flush() { }

    private sealed class NativeBuffer : TensorBuffer
    {
        public NativeBuffer(long bytes)
        {
            Length = bytes;
            SetHandle((nint)NativeMemory.AllocZeroed((nuint)Math.Max(bytes, 1)));
            if (bytes > 0)
            {
                GC.AddMemoryPressure(bytes);
            }
        }

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            if (Length > 0)
            {
                GC.RemoveMemoryPressure(Length);
            }
            return true;
        }
    }

    private sealed class MappedBuffer : TensorBuffer
    {
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;

        public MappedBuffer(MemoryMappedFile file, long offset, long bytes, MemoryMappedFileAccess access)
        {
            Length = bytes;
            _file = file;
            _view = file.CreateViewAccessor(offset, bytes, access);
            byte* address = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            // A view begins at a page; the offset within it is the accessor's to know.
            SetHandle((nint)(address + _view.PointerOffset));
        }

        public override void Flush() => _view.Flush();

        protected override bool ReleaseHandle()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
            return true;
        }
    }
}
