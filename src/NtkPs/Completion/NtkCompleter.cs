using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace NtkPs;

/// <summary>The base of the module's argument completers: matches what is typed, quotes what needs it, and has nothing to say where anything is amiss.</summary>
public abstract class NtkCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").TrimStart('\'', '"').TrimEnd('\'', '"');
        try
        {
            return Match(Candidates(new CompletionScene(commandAst, fakeBoundParameters), word).ToArray(), word).Select(Result).ToArray();
        }
        catch (Exception)
        {
            // Whatever keeps the names from being known, a Tab is no place to say so.
            return [];
        }
    }

    /// <summary>What could stand here.</summary>
    private protected abstract IEnumerable<Candidate> Candidates(CompletionScene scene, string word);

    // What begins with the word; else what has it inside, for who remembers `kernel` of `dense_3/kernel`. Wildcards are meant as such.
    private static IEnumerable<Candidate> Match(Candidate[] candidates, string word)
    {
        bool literal = !WildcardPattern.ContainsWildcardCharacters(word);
        var start = new WildcardPattern(word + "*", WildcardOptions.IgnoreCase);
        Candidate[] matches = Array.FindAll(candidates, c => literal ? c.Text.StartsWith(word, StringComparison.OrdinalIgnoreCase) : start.IsMatch(c.Text));
        return matches.Length > 0 || !literal ? matches : Array.FindAll(candidates, c => c.Text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static CompletionResult Result(Candidate candidate) =>
        new(Quote(candidate.Text), candidate.Text, CompletionResultType.ParameterValue, candidate.Hint.Length > 0 ? candidate.Hint : candidate.Text);

    private static string Quote(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '\\' or ':' or '~' or ',')
        ? text : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    /// <summary>One possibility.</summary>
    /// <param name="Text">What is inserted.</param>
    /// <param name="Hint">The tooltip.</param>
    internal readonly record struct Candidate(string Text, string Hint = "");
}
