using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ntk;

public sealed partial class NtkTensor
{
    /// <summary>
    /// All elements as nested JSON arrays in one line, each as exact as it is: <c>[[1,2],[3,4]]</c>. ConvertFrom-Json reads it back into arrays, which
    /// every parameter that takes a tensor takes.
    /// </summary>
    public string ToJson()
    {
        var text = new StringBuilder();
        long next = 0;
        AppendJson(text, 0, ref next);
        return text.ToString();
    }

    private void AppendJson(StringBuilder text, int axis, ref long next)
    {
        if (axis == Rank)
        {
            text.Append(JsonNumber(ElementAt(next++)));
            return;
        }
        text.Append('[');
        for (int i = 0; i < Shape[axis]; i++)
        {
            if (i > 0)
            {
                text.Append(',');
            }
            AppendJson(text, axis + 1, ref next);
        }
        text.Append(']');
    }

    private static string JsonNumber(object element) => element switch
    {
        bool value => value ? "true" : "false",
        Complex value => $"[{JsonNumber(value.Real)},{JsonNumber(value.Imaginary)}]",
        float or double or Half => ((IFormattable)element).ToString("R", CultureInfo.InvariantCulture), // NaN and Infinity too, as readers of JSON take them
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => $"\"{element}\"",
    };
}
