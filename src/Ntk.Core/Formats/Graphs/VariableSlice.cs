using System.Globalization;

namespace Ntk.Core.Formats.Graphs;

/// <summary>The part of a checkpoint's tensor that one piece of a partitioned variable restores.</summary>
/// <param name="Start">Where it begins along each axis.</param>
/// <param name="Size">Its sizes.</param>
internal sealed record VariableSlice(int[] Start, int[] Size)
{
    /// <summary>Reads TensorFlow's "10 4 0,5:-": the whole's sizes, then start and length along each axis, - for all of it.</summary>
    /// <exception cref="InvalidDataException">The text says something else.</exception>
    public static VariableSlice Parse(string text, int[] shape)
    {
        string[] axes = text.Split(' ')[^1].Split(':');
        if (axes.Length != shape.Length)
        {
            throw new InvalidDataException($"the slice '{text}' of a variable of shape {NtkShape.Format(shape)}");
        }
        var slice = new VariableSlice(new int[shape.Length], (int[])shape.Clone());
        for (int i = 0; i < axes.Length; i++)
        {
            string[] parts = axes[i].Split(',');
            if (parts.Length == 2)
            {
                slice.Start[i] = int.Parse(parts[0], CultureInfo.InvariantCulture);
                slice.Size[i] = int.Parse(parts[1], CultureInfo.InvariantCulture);
            }
            if (slice.Start[i] < 0 || slice.Size[i] < 0 || slice.Start[i] + slice.Size[i] > shape[i])
            {
                throw new InvalidDataException($"the slice '{text}' of a variable of shape {NtkShape.Format(shape)}");
            }
        }
        return slice;
    }

    /// <summary>The part of a tensor.</summary>
    public unsafe NtkTensor Of(NtkTensor whole, string name)
    {
        NtkTensor part = NtkTensor.Allocate(whole.DType, Size, name);
        int element = whole.DType.Size();
        for (long i = 0; i < part.Count; i++)
        {
            long rest = i, from = 0, step = 1;
            for (int a = Size.Length - 1; a >= 0; a--)
            {
                from += ((rest % Size[a]) + Start[a]) * step;
                rest /= Size[a];
                step *= whole.Shape[a];
            }
            Buffer.MemoryCopy(whole.Pointer + (from * element), part.Pointer + (i * element), element, element);
        }
        GC.KeepAlive(whole);
        GC.KeepAlive(part);
        return part;
    }
}
