using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Layers compute with channels last; a layer with channels first moves them there and back.</summary>
internal static class ChannelOrder
{
    /// <summary>Channels last.</summary>
    public static Value ToLast(Value x, bool first) => first ? Lax.MoveAxis(x, 1, -1) : x;

    /// <summary>Back to where the channels were.</summary>
    public static Value FromLast(Value x, bool first) => first ? Lax.MoveAxis(x, -1, 1) : x;
}
