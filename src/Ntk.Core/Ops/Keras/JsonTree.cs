using System.Globalization;
using System.Text;
using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>JSON as Python writes it.</summary>
internal static class JsonTree
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 512 };

    /// <summary>Parses JSON; Python's NaN, Infinity and -Infinity become texts of that name.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static JsonElement Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(Quote(text), s_options);
        return document.RootElement.Clone();
    }

    /// <summary>A number.</summary>
    public static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => value.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            var other => double.TryParse(other, CultureInfo.InvariantCulture, out double parsed) ? parsed : throw new ShapeException($"'{other}' is no number"),
        },
        // A NumPy number or array in Keras's wrapping.
        JsonValueKind.Object when value.TryGetProperty("config", out JsonElement config) && config.TryGetProperty("value", out JsonElement inner) => Number(inner),
        JsonValueKind.Object when value.TryGetProperty("value", out JsonElement bare) => Number(bare),
        JsonValueKind.Array when value.GetArrayLength() == 1 => Number(value[0]),
        _ => throw new ShapeException($"{value} is no number"),
    };

    /// <summary>The numbers of a nested list, row by row.</summary>
    public static IEnumerable<double> Numbers(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Object when value.TryGetProperty("config", out JsonElement config) && config.TryGetProperty("value", out JsonElement inner) => Numbers(inner),
        JsonValueKind.Object when value.TryGetProperty("value", out JsonElement bare) => Numbers(bare),
        _ => [Number(value)],
    };

    /// <summary>The shape of a nested list.</summary>
    public static long[] Shape(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return Shape(value.TryGetProperty("config", out JsonElement config) ? config.GetProperty("value") : value.GetProperty("value"));
        }
        return value.ValueKind != JsonValueKind.Array ? [] : [value.GetArrayLength(), .. value.GetArrayLength() == 0 ? [] : Shape(value[0])];
    }

    private static string Quote(string text)
    {
        if (!text.Contains("NaN", StringComparison.Ordinal) && !text.Contains("Infinity", StringComparison.Ordinal))
        {
            return text;
        }
        var result = new StringBuilder(text.Length + 64);
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quoted && c == '\\' && i + 1 < text.Length)
            {
                result.Append(c).Append(text[++i]);
                continue;
            }
            quoted ^= c == '"';
            string? word = quoted ? null : new[] { "-Infinity", "Infinity", "NaN" }.FirstOrDefault(w => string.CompareOrdinal(text, i, w, 0, w.Length) == 0);
            if (word is null)
            {
                result.Append(c);
            }
            else
            {
                result.Append('"').Append(word).Append('"');
                i += word.Length - 1;
            }
        }
        return result.ToString();
    }
}
