using System.Text;
using System.Text.RegularExpressions;

namespace Ntk.Core;

/// <summary>
/// A name, or a pattern of names as PowerShell's users write it: <c>*</c>, <c>?</c>, <c>[a-c]</c>, a backtick before what is meant literally, no difference of case.
/// A bracket that is not closed is a bracket: every text is a pattern.
/// </summary>
public sealed class NamePattern
{
    private readonly string _text;
    private readonly Regex _regex;

    /// <summary>Reads a pattern.</summary>
    public NamePattern(string text)
    {
        _text = text;
        var regex = new StringBuilder("^");
        for (int i = 0; i < text.Length; i++)
        {
            int close = text[i] == '[' ? text.IndexOf(']', i + 1) : -1;
            if (close > i + 1)
            {
                // A backslash and a caret mean something to a regular expression, and nothing here; the dash is the same in both.
                regex.Append('[').Append(text[(i + 1)..close].Replace(@"\", @"\\", StringComparison.Ordinal).Replace("^", @"\^", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                IsLiteral = false;
                i = close;
                continue;
            }
            IsLiteral &= text[i] is not ('*' or '?');
            regex.Append(text[i] switch
            {
                '*' => ".*",
                '?' => ".",
                '`' when i + 1 < text.Length => Regex.Escape(text[++i].ToString()),
                var other => Regex.Escape(other.ToString()),
            });
        }
        _regex = Compile(regex.Append('$').ToString()) ?? Compile($"^{Regex.Escape(text)}$")!;
    }

    /// <summary>Whether it stands for one name, not for all that match.</summary>
    public bool IsLiteral { get; } = true;

    /// <summary>Whether it is the name, to the letter, or matches it.</summary>
    public bool Matches(string name) => name == _text || _regex.IsMatch(name);

    private static Regex? Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (ArgumentException)
        {
            // [z-a]
            return null;
        }
    }
}
