using HelpBuilder;

// HelpBuilder <folder of pages> <folder for the help files>: about_*.md become about_*.help.txt, the others one NtkPs.dll-Help.xml.
if (args is not [var source, var destination])
{
    Console.Error.WriteLine("Usage: HelpBuilder <pages> <destination>");
    return 64;
}
try
{
    Directory.CreateDirectory(destination);
    var pages = new List<CommandPage>();
    foreach (string file in Directory.GetFiles(source, "*.md").Order(StringComparer.Ordinal))
    {
        string name = Path.GetFileNameWithoutExtension(file);
        if (name.StartsWith("about_", StringComparison.Ordinal))
        {
            File.WriteAllText(Path.Combine(destination, name + ".help.txt"), AboutText.Write(File.ReadAllText(file)));
        }
        else
        {
            pages.Add(CommandPage.Read(name, File.ReadAllText(file)));
        }
    }
    Maml.Write(pages).Save(Path.Combine(destination, "NtkPs.dll-Help.xml"));
    return 0;
}
catch (PageException e)
{
    // In the form that MSBuild shows as an error of the page.
    Console.Error.WriteLine($"{Path.Combine(source, e.Page + ".md")} : error HELP1: {e.Message}");
    return 1;
}
