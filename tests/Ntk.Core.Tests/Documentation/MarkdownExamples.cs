using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ntk.Core.Tests.Documentation;

/// <summary>A block of PowerShell in a page, the heading over it, and what the page says that it prints (null where it says nothing).</summary>
internal sealed record MarkdownExample(string Title, string Code, string? Output);

/// <summary>The examples of a page of Markdown, and whether what they printed is what the page says.</summary>
internal static partial class MarkdownExamples
{
    /// <summary>Every fenced block of powershell, with the block of output that follows it.</summary>
    public static IReadOnlyList<MarkdownExample> Read(string markdown)
    {
        var examples = new List<MarkdownExample>();
        string title = "";
        foreach (Match match in Blocks().Matches(markdown.ReplaceLineEndings("\n")))
        {
            if (match.Groups["title"] is { Success: true } heading)
            {
                title = heading.Value;
            }
            else
            {
                examples.Add(new MarkdownExample(title, match.Groups["code"].Value, match.Groups["output"] is { Success: true } output ? output.Value : null));
            }
        }
        return examples;
    }

    /// <summary>Null where the text printed is the one expected: the same words, numbers to three digits, "…" for anything; else the first line that is not.</summary>
    public static string? Difference(string expected, string printed)
    {
        string[] wanted = Lines(expected), got = Lines(printed);
        int at = 0;
        for (int i = 0; i < wanted.Length; i++, at++)
        {
            if (wanted[i].Trim() == "…")
            {
                // Any lines, up to the one that goes on.
                while (i + 1 < wanted.Length && at < got.Length && !Agree(wanted[i + 1], got[at]))
                {
                    at++;
                }
                at = i + 1 < wanted.Length ? at - 1 : got.Length - 1;
            }
            else if (at >= got.Length || !Agree(wanted[i], got[at]))
            {
                return $"expected: {wanted[i]}\nprinted:  {(at < got.Length ? got[at] : "nothing more")}";
            }
        }
        return at < got.Length ? $"not expected: {got[at]}" : null;
    }

    private static string[] Lines(string text) => [.. text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    private static bool Agree(string expected, string printed)
    {
        var pattern = new StringBuilder("^\\s*");
        int end = 0;
        var numbers = new List<double>();
        foreach (Match token in Tokens().Matches(expected.Trim()))
        {
            pattern.Append(Regex.Escape(expected.Trim()[end..token.Index]));
            end = token.Index + token.Length;
            if (token.Value == "…")
            {
                pattern.Append(".*?");
            }
            else if (string.IsNullOrWhiteSpace(token.Value))
            {
                pattern.Append("\\s+");
            }
            else
            {
                numbers.Add(Number(token.Value));
                pattern.Append("([-+]?[0-9][0-9,]*(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)");
            }
        }
        Match match = Regex.Match(printed, pattern.Append(Regex.Escape(expected.Trim()[end..])).Append("\\s*$").ToString());
        return match.Success && numbers.Select((number, i) => Math.Abs(Number(match.Groups[i + 1].Value) - number) <= (2e-3 * Math.Abs(number)) + 1e-6).All(near => near);
    }

    private static double Number(string text) => double.Parse(text.TrimEnd(','), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?m)^#+ (?<title>.+)$|^```powershell\n(?<code>(?s:.*?))^```$(?:\n+```output\n(?<output>(?s:.*?))^```$)?")]
    private static partial Regex Blocks();

    [GeneratedRegex(@"…|\s+|(?<![\w.])[-+]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.])")]
    private static partial Regex Tokens();
}
