using System.Globalization;

namespace Ntk.Core.Tensors;

/// <summary>Reads the few Python literals of which a .npy header consists, in whatever order and spacing they were written.</summary>
internal sealed class PythonLiteral(string text, string what)
{
    private const int MostShown = 80;
    private int _at;

    /// <summary>Takes a character after white space, if it comes next.</summary>
    public bool Take(char expected)
    {
        SkipSpace();
        if (_at >= text.Length || text[_at] != expected)
        {
            return false;
        }
        _at++;
        return true;
    }

    /// <summary>Takes a character that must come next.</summary>
    public void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Bad();
        }
    }

    /// <summary>A string in single or double quotes.</summary>
    public string String()
    {
        char quote = Take('\'') ? '\'' : Take('"') ? '"' : throw Bad();
        int end = text.IndexOf(quote, _at);
        if (end < 0)
        {
            throw Bad();
        }
        string value = text[_at..end];
        _at = end + 1;
        return value;
    }

    /// <summary>A string, or the text of a list: a structured type's fields.</summary>
    public string StringOrRaw()
    {
        if (!Take('['))
        {
            return String();
        }
        int start = _at - 1, depth = 1;
        for (; _at < text.Length && depth > 0; _at++)
        {
            depth += text[_at] switch { '[' => 1, ']' => -1, _ => 0 };
        }
        return depth == 0 ? text[start.._at] : throw Bad();
    }

    /// <summary><c>True</c> or <c>False</c>.</summary>
    public bool Boolean() => Word() switch { "True" => true, "False" => false, _ => throw Bad() };

    /// <summary>A tuple of whole numbers from 0; Python 2 wrote an L behind them.</summary>
    public int[] Tuple()
    {
        var sizes = new List<int>();
        Expect('(');
        while (!Take(')'))
        {
            string word = Word().TrimEnd('L');
            if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long size))
            {
                throw Bad();
            }
            sizes.Add(size <= int.MaxValue ? (int)size : throw NpyHeader.Corrupt(what, $"an axis of {size:N0} elements is more than can be addressed"));
            if (!Take(','))
            {
                Expect(')');
                break;
            }
        }
        return [.. sizes];
    }

    private string Word()
    {
        SkipSpace();
        int start = _at;
        while (_at < text.Length && char.IsAsciiLetterOrDigit(text[_at]))
        {
            _at++;
        }
        return text[start.._at];
    }

    private void SkipSpace()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private NtkException Bad() => NpyHeader.Corrupt(what, $"its header is malformed at character {_at}: {Shown()}");

    // A damaged header may claim any length, and hold any bytes.
    private string Shown()
    {
        string start = new([.. text.Trim().Take(MostShown).Select(character => character is >= ' ' and <= '~' ? character : '?')]);
        return text.Trim().Length > MostShown ? $"{start}…" : start;
    }
}
