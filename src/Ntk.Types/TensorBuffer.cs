using System.Runtime.InteropServices;

namespace Ntk;

/// <summary>A block of unmanaged memory that a tensor and its views share; freed when the last of them is gone.</summary>
internal abstract unsafe class TensorBuffer : SafeHandle
{
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
}
