using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace HelpBuilder;

/// <summary>An about topic as the text that Get-Help shows: headings in capitals, paragraphs of 80 columns, code indented.</summary>
internal static class AboutText
{
    private const int Width = 80;
    private static readonly MarkdownPipeline s_markdown = new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePipeTables().Build();

    public static string Write(string markdown)
    {
        var text = new StringBuilder();
        foreach (Block block in Markdown.Parse(markdown, s_markdown))
        {
            switch (block)
            {
                // The topic's name, then its sections, then their parts.
                case HeadingBlock { Level: 1 } title:
                    text.Append("TOPIC\n    ").Append(PlainText.Inlines(title.Inline)).Append("\n\n");
                    break;
                case HeadingBlock { Level: 2 } heading:
                    text.Append(PlainText.Inlines(heading.Inline).ToUpperInvariant()).Append('\n');
                    break;
                case HeadingBlock part:
                    text.Append("  ").Append(PlainText.Inlines(part.Inline)).Append('\n');
                    break;
                case Table table:
                    AppendTable(text, table);
                    break;
                default:
                    foreach (string paragraph in PlainText.Paragraphs([block]))
                    {
                        Append(text, paragraph, block is CodeBlock);
                    }
                    break;
            }
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder text, string paragraph, bool code)
    {
        if (code)
        {
            text.Append("    ").Append(paragraph.Replace("\n", "\n    ", StringComparison.Ordinal)).Append("\n\n");
            return;
        }
        AppendWrapped(text, paragraph, "    ", paragraph.StartsWith("- ", StringComparison.Ordinal) ? "      " : "    ");
        text.Append('\n');
    }

    // A row is its first cell, and the others under it.
    private static void AppendTable(StringBuilder text, Table table)
    {
        foreach (TableRow row in table.OfType<TableRow>().Where(row => !row.IsHeader))
        {
            string[] cells = [.. row.OfType<TableCell>().Select(cell => string.Join(' ', PlainText.Paragraphs(cell)))];
            AppendWrapped(text, cells[0], "    ", "    ");
            AppendWrapped(text, string.Join("; ", cells.Skip(1).Where(cell => cell.Length > 0)), "        ", "        ");
        }
        text.Append('\n');
    }

    private static void AppendWrapped(StringBuilder text, string paragraph, string first, string next)
    {
        var line = new StringBuilder(first);
        int indent = first.Length;
        foreach (string word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > indent && line.Length + 1 + word.Length > Width)
            {
                text.Append(line).Append('\n');
                line.Clear().Append(next);
                indent = next.Length;
            }
            line.Append(line.Length > indent ? " " : "").Append(word);
        }
        text.Append(line).Append('\n');
    }
}
