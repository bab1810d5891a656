using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace HelpBuilder;

/// <summary>Markdown as text for a console.</summary>
internal static class PlainText
{
    /// <summary>One text for each paragraph or item of a list; code keeps its lines.</summary>
    public static IReadOnlyList<string> Paragraphs(IEnumerable<Block> blocks) => [.. blocks.SelectMany(Texts)];

    /// <summary>A code block's lines.</summary>
    public static string Code(LeafBlock block) => block.Lines.ToString().TrimEnd('\n').Replace("\r", "", StringComparison.Ordinal);

    /// <summary>A heading's or a paragraph's text, on one line.</summary>
    public static string Inlines(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (Inline inline in inlines ?? new ContainerInline())
        {
            text.Append(inline switch
            {
                LiteralInline literal => literal.Content.ToString(),
                CodeInline code => code.Content,
                LineBreakInline => " ",
                HtmlEntityInline entity => entity.Transcoded.ToString(),
                AutolinkInline link => link.Url,
                // A page of this help is named by its text; elsewhere the address is what one needs.
                LinkInline link when link.Url?.EndsWith(".md", StringComparison.Ordinal) == false => $"{Inlines(link)} ({link.Url})",
                ContainerInline container => Inlines(container),
                _ => "",
            });
        }
        return text.ToString();
    }

    /// <summary>The links of a list of them, page or address.</summary>
    public static IEnumerable<(string Text, string Uri)> Links(IEnumerable<Block> blocks) =>
        from block in blocks.OfType<MarkdownObject>()
        from link in block.Descendants<LinkInline>()
        select (Inlines(link), link.Url is { } url && !url.EndsWith(".md", StringComparison.Ordinal) ? url : "");

    private static IEnumerable<string> Texts(Block block) => block switch
    {
        ListBlock list => list.OfType<ListItemBlock>().Select((item, i) => $"{(list.IsOrdered ? $"{i + 1}." : "-")} {string.Join("\n\n", item.SelectMany(Texts))}"),
        CodeBlock code => [string.Join('\n', Code(code).Split('\n').Select(line => "    " + line))],
        LeafBlock { Inline: not null } leaf => [Inlines(leaf.Inline)],
        ContainerBlock container => container.SelectMany(Texts),
        _ => [],
    };
}
