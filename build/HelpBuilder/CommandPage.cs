using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace HelpBuilder;

/// <summary>A page that does not follow platyPS's schema.</summary>
internal sealed class PageException(string page, string message) : Exception(message)
{
    /// <summary>The page's name, without extension.</summary>
    public string Page => page;
}

/// <summary>An example: its code with what it prints, and what is to be said of it.</summary>
internal sealed record Example(string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>The YAML block of a parameter: what holds of it in one or several parameter sets.</summary>
internal sealed record ParameterFacts(IReadOnlyDictionary<string, string> Values)
{
    public string this[string key] => Values.GetValueOrDefault(key, "");

    /// <summary>Whether these facts hold in a parameter set.</summary>
    public bool HoldIn(string set) => this["Parameter Sets"] == "(All)" || List("Parameter Sets").Contains(set);

    /// <summary>A value's items.</summary>
    public string[] List(string key) => this[key].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A parameter: what it is, and a block of facts for each group of parameter sets in which they are the same.</summary>
internal sealed record Parameter(string Name, IReadOnlyList<string> Description, IReadOnlyList<ParameterFacts> Facts);

/// <summary>A parameter set, its parameters in the order in which the syntax has them.</summary>
internal sealed record ParameterSet(string Name, IReadOnlyList<string> Parameters);

/// <summary>A type that a command takes or gives.</summary>
internal sealed record TypeNote(string Type, IReadOnlyList<string> Description);

/// <summary>A command's page in platyPS's markdown schema 2.0.0.</summary>
internal sealed record CommandPage(
    string Name,
    IReadOnlyList<string> Synopsis,
    IReadOnlyList<ParameterSet> Syntax,
    IReadOnlyList<string> Description,
    IReadOnlyList<Example> Examples,
    IReadOnlyList<Parameter> Parameters,
    IReadOnlyList<TypeNote> Inputs,
    IReadOnlyList<TypeNote> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<(string Text, string Uri)> Links)
{
    private static readonly MarkdownPipeline s_markdown = new MarkdownPipelineBuilder().UseYamlFrontMatter().Build();

    /// <exception cref="PageException">The page does not follow the schema.</exception>
    public static CommandPage Read(string name, string text)
    {
        MarkdownDocument document = Markdown.Parse(text, s_markdown);
        if (document.FirstOrDefault() is not YamlFrontMatterBlock header || !header.Lines.ToString().Contains("schema: 2.0.0", StringComparison.Ordinal))
        {
            throw new PageException(name, "It does not begin with a header that says schema: 2.0.0.");
        }
        Section[] titles = [.. Section.Split(document.Skip(1), 1)];
        if (titles is not [var title] || title.Title != name)
        {
            throw new PageException(name, $"Its only heading of the first level must be '# {name}'.");
        }
        var sections = new Dictionary<string, Section>();
        foreach (Section section in Section.Split(title.Blocks, 2))
        {
            sections[section.Title] = section;
        }
        Section Of(string heading) => sections.GetValueOrDefault(heading) ?? throw new PageException(name, $"It has no section '## {heading}'.");
        return new CommandPage(
            name,
            PlainText.Paragraphs(Of("SYNOPSIS").Blocks),
            [.. SyntaxOf(Of("SYNTAX"))],
            PlainText.Paragraphs(Of("DESCRIPTION").Blocks),
            [.. from example in Section.Split(Of("EXAMPLES").Blocks, 3) select ExampleOf(example)],
            [.. from parameter in Section.Split(Of("PARAMETERS").Blocks, 3) where parameter.Title != "CommonParameters" select ParameterOf(name, parameter)],
            [.. from note in Section.Split(Of("INPUTS").Blocks, 3) select new TypeNote(note.Title, PlainText.Paragraphs(note.Blocks))],
            [.. from note in Section.Split(Of("OUTPUTS").Blocks, 3) select new TypeNote(note.Title, PlainText.Paragraphs(note.Blocks))],
            PlainText.Paragraphs(Of("NOTES").Blocks),
            [.. PlainText.Links(Of("RELATED LINKS").Blocks)]);
    }

    private static IEnumerable<ParameterSet> SyntaxOf(Section syntax)
    {
        Section[] sets = [.. Section.Split(syntax.Blocks, 3)];
        // A command with one parameter set has its syntax without a heading.
        foreach (Section set in sets.Length > 0 ? sets : [syntax])
        {
            string code = string.Join('\n', set.Blocks.OfType<FencedCodeBlock>().Select(PlainText.Code));
            string setName = set.Title.Replace(" (Default)", "", StringComparison.Ordinal);
            yield return new ParameterSet(sets.Length > 0 ? setName : "(All)", [.. from word in code.Split([' ', '\n', '[', ']'], StringSplitOptions.RemoveEmptyEntries)
                                                                                    where word[0] == '-'
                                                                                    select word[1..]]);
        }
    }

    private static Example ExampleOf(Section example) => new(
        example.Title,
        string.Join("\n\n", example.Blocks.OfType<FencedCodeBlock>().Select(PlainText.Code)),
        PlainText.Paragraphs(example.Blocks.Where(block => block is not FencedCodeBlock)));

    private static Parameter ParameterOf(string page, Section section)
    {
        FencedCodeBlock[] blocks = [.. section.Blocks.OfType<FencedCodeBlock>().Where(block => block.Info == "yaml")];
        if (section.Title[0] != '-' || blocks.Length == 0)
        {
            throw new PageException(page, $"'### {section.Title}' is no parameter with a block of yaml.");
        }
        return new Parameter(section.Title[1..], PlainText.Paragraphs(section.Blocks.Except(blocks)), [.. blocks.Select(block => FactsOf(PlainText.Code(block)))]);
    }

    private static ParameterFacts FactsOf(string yaml) => new(
        (from line in yaml.Split('\n')
         let colon = line.IndexOf(':', StringComparison.Ordinal)
         where colon > 0
         select (Key: line[..colon].Trim(), Value: line[(colon + 1)..].Trim())).ToDictionary(pair => pair.Key, pair => pair.Value));
}

/// <summary>A heading and what stands under it.</summary>
internal sealed record Section(string Title, IReadOnlyList<Block> Blocks)
{
    /// <summary>The sections that headings of a level begin; what stands before the first is left out.</summary>
    public static IEnumerable<Section> Split(IEnumerable<Block> blocks, int level)
    {
        string? title = null;
        var content = new List<Block>();
        foreach (Block block in blocks)
        {
            if (block is HeadingBlock heading && heading.Level <= level)
            {
                if (title is not null)
                {
                    yield return new Section(title, content);
                }
                (title, content) = (heading.Level == level ? PlainText.Inlines(heading.Inline) : null, []);
            }
            else
            {
                content.Add(block);
            }
        }
        if (title is not null)
        {
            yield return new Section(title, content);
        }
    }
}
