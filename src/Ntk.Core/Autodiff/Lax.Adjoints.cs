using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Autodiff;

/// <content>Transposes of linear maps.</content>
public static partial class Lax
{
    /// <summary>The transpose of a linear map, at a cotangent.</summary>
    /// <param name="name">The map's name.</param>
    /// <param name="map">The map, of its argument and of what it reads beside it.</param>
    /// <param name="argument">The argument's sizes; its type is the cotangent's.</param>
    /// <param name="cotangent">Of the map's result.</param>
    /// <param name="read">What the map reads beside its argument; constants to the derivative.</param>
    public static Value LinearAdjoint(string name, Func<Value, Value[], Value> map, long[] argument, Value cotangent, params Value[] read)
    {
        var trace = new Trace(cotangent.Trace.FloatType);
        Value x = trace.Parameter(cotangent.Type.With(argument));
        Value[] inputs = Array.ConvertAll(read, r => r.IsKnown() ? trace.Constant(r.Constant!.alias()) : trace.Input(r.Type));
        Program program = trace.Finish([map(x, inputs)]);
        return cotangent.Trace.Apply(new LinearAdjoint(name, program), [cotangent, .. read.Where(r => !r.IsKnown())]);
    }
}
