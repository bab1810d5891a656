using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Torch spelled for our needs.</summary>
internal static class TensorExtensions
{
    /// <summary>A view with one axis moved; negative axes count from the end.</summary>
    public static Tensor MoveAxis(this Tensor x, int from, int to)
    {
        int rank = (int)x.dim();
        from = from < 0 ? from + rank : from;
        to = to < 0 ? to + rank : to;
        var order = new long[rank];
        for (int i = 0, next = 0; i < rank; i++)
        {
            if (i == to)
            {
                order[i] = from;
                continue;
            }
            if (next == from)
            {
                next++;
            }
            order[i] = next++;
        }
        return x.permute(order);
    }
}
