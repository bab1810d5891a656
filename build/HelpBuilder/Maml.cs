using System.Xml.Linq;

namespace HelpBuilder;

/// <summary>Pages as MAML, the XML that Get-Help reads for a binary module's cmdlets.</summary>
internal static class Maml
{
    private static readonly XNamespace s_help = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static XDocument Write(IEnumerable<CommandPage> pages) => new(
        new XElement(s_help + "helpItems", new XAttribute("schema", "maml"), pages.Select(Command)));

    private static XElement Command(CommandPage page) => new(
        s_command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", s_maml),
        new XAttribute(XNamespace.Xmlns + "command", s_command),
        new XAttribute(XNamespace.Xmlns + "dev", s_dev),
        new XElement(s_command + "details",
            new XElement(s_command + "name", page.Name),
            new XElement(s_command + "verb", page.Name.Split('-')[0]),
            new XElement(s_command + "noun", page.Name.Split('-')[^1]),
            Description(page.Synopsis)),
        Description(page.Description),
        new XElement(s_command + "syntax", page.Syntax.Select(set => SyntaxItem(page, set))),
        new XElement(s_command + "parameters", page.Parameters.Select(parameter => ParameterElement(parameter, parameter.Facts))),
        new XElement(s_command + "inputTypes", page.Inputs.Select(note => TypeElement("inputType", note))),
        new XElement(s_command + "returnValues", page.Outputs.Select(note => TypeElement("returnValue", note))),
        new XElement(s_maml + "alertSet", new XElement(s_maml + "alert", Paragraphs(page.Notes))),
        new XElement(s_command + "examples", page.Examples.Select(ExampleElement)),
        new XElement(s_command + "relatedLinks", page.Links.Select(link => new XElement(s_maml + "navigationLink",
            new XElement(s_maml + "linkText", link.Text),
            new XElement(s_maml + "uri", link.Uri)))));

    private static XElement SyntaxItem(CommandPage page, ParameterSet set) => new(
        s_command + "syntaxItem",
        new XElement(s_maml + "name", page.Name),
        from name in set.Parameters
        let parameter = page.Parameters.FirstOrDefault(p => p.Name == name) ?? throw new PageException(page.Name, $"The syntax has '-{name}', the parameters do not.")
        let facts = parameter.Facts.FirstOrDefault(f => f.HoldIn(set.Name)) ?? throw new PageException(page.Name, $"'-{name}' says nothing of its parameter set '{set.Name}'.")
        select ParameterElement(parameter, [facts]));

    private static XElement ParameterElement(Parameter parameter, IReadOnlyList<ParameterFacts> facts)
    {
        ParameterFacts first = facts[0];
        string type = TypeName(first["Type"]);
        string[] accepted = first.List("Accepted values");
        return new XElement(
            s_command + "parameter",
            new XAttribute("required", Same(facts, "Required").ToLowerInvariant()),
            new XAttribute("variableLength", "true"),
            new XAttribute("globbing", first["Accept wildcard characters"].ToLowerInvariant()),
            new XAttribute("pipelineInput", Same(facts, "Accept pipeline input")),
            new XAttribute("position", Same(facts, "Position").Replace("Named", "named", StringComparison.Ordinal)),
            new XAttribute("aliases", first["Aliases"] is "" ? "none" : first["Aliases"]),
            new XElement(s_maml + "name", parameter.Name),
            Description(parameter.Description),
            accepted.Length == 0 ? null : new XElement(s_command + "parameterValueGroup",
                accepted.Select(value => new XElement(s_command + "parameterValue", new XAttribute("required", "false"), new XAttribute("variableLength", "false"), value))),
            // A switch has no value to show.
            type == "SwitchParameter" ? null : new XElement(s_command + "parameterValue", new XAttribute("required", "true"), new XAttribute("variableLength", "false"), type),
            new XElement(s_dev + "type", new XElement(s_maml + "name", type), new XElement(s_maml + "uri")),
            new XElement(s_dev + "defaultValue", first["Default value"]));
    }

    /// <summary>A fact that may differ between parameter sets: once where it does not, else with the sets' names.</summary>
    private static string Same(IReadOnlyList<ParameterFacts> facts, string key) => facts.Select(f => f[key]).Distinct().Count() == 1
        ? facts[0][key]
        : string.Join(", ", facts.Select(f => $"{f[key]} ({f["Parameter Sets"]})"));

    /// <summary>The type, without the wrapping that lets it be absent.</summary>
    private static string TypeName(string type)
    {
        const string nullable = "System.Nullable`1[";
        return type.StartsWith(nullable, StringComparison.Ordinal) ? type[nullable.Length..^1].Split('.')[^1] : type;
    }

    private static XElement TypeElement(string name, TypeNote note) => new(
        s_command + name,
        new XElement(s_dev + "type", new XElement(s_maml + "name", note.Type)),
        Description(note.Description));

    private static XElement ExampleElement(Example example) => new(
        s_command + "example",
        new XElement(s_maml + "title", $"--------- {example.Title} ---------"),
        new XElement(s_dev + "code", example.Code),
        new XElement(s_dev + "remarks", Paragraphs(example.Remarks)));

    private static XElement Description(IReadOnlyList<string> paragraphs) => new(s_maml + "description", Paragraphs(paragraphs));

    private static IEnumerable<XElement> Paragraphs(IReadOnlyList<string> paragraphs) => paragraphs.Select(text => new XElement(s_maml + "para", text));
}
