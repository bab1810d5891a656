using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ntk;
using Ntk.Core;
using Ntk.Core.Formats;

namespace NtkPs;

/// <summary>The command that is being typed, and what can be known around it: the session, the model, the file.</summary>
/// <param name="command">The command.</param>
/// <param name="bound">What PowerShell could evaluate of its arguments, by parameter name.</param>
internal sealed class CompletionScene(CommandAst? command, IDictionary? bound)
{
    // A model is imported for its parameters' names where nothing larger has to be read for it.
    private const long MostBytes = 64L << 20;
    private static readonly FileCache<NtkModel> Models = new();

    private SessionState? _session;

    /// <summary>The session that the command is typed in.</summary>
    public SessionState Session => _session ??= Ask();

    /// <summary>The text of an argument, the first where it is a list; null where it is not known.</summary>
    public string? Text(string parameter) => bound?[parameter] is { } value ? First(value) : null;

    /// <summary>The file or folder that <c>-Path</c> or <c>-LiteralPath</c> names; null where that is not known yet.</summary>
    public string? File() => (Text("LiteralPath") ?? Text("Path")) is { Length: > 0 } path ? Resolve(path) : null;

    /// <summary>The path that the session means.</summary>
    public string Resolve(string path) => Session.Path.GetUnresolvedProviderPathFromPSPath(path);

    /// <summary>The model that the command is given: an argument, what comes through the pipeline, or what a variable will be once the lines above have run.</summary>
    public NtkModel? Model()
    {
        foreach (object? value in bound?.Values ?? Array.Empty<object>())
        {
            if (AsModel(value) is { } model)
            {
                return model;
            }
        }
        return command?.CommandElements.Skip(1).Select(Model).FirstOrDefault(m => m is not null) ?? Piped();
    }

    /// <summary>Whether variables that are not trained can be named: everywhere but in a sum over parameters without -IncludeNonTrainable.</summary>
    public bool TakesNonTrainable() => command?.GetCommandName()?.EndsWith("Get-NtkParameter", StringComparison.OrdinalIgnoreCase) == true
        || bound?.Contains("IncludeNonTrainable") == true;

    private NtkModel? Piped()
    {
        if (command?.Parent is not PipelineAst pipeline)
        {
            return null;
        }
        for (int before = pipeline.PipelineElements.IndexOf(command) - 1; before >= 0; before--)
        {
            if (Model(pipeline.PipelineElements[before]) is { } model)
            {
                return model;
            }
        }
        return null;
    }

    private NtkModel? Model(Ast? syntax) => syntax switch
    {
        CommandExpressionAst expression => Model(expression.Expression),
        ParenExpressionAst { Pipeline: PipelineAst inner } => Model(inner),
        PipelineAst { PipelineElements: [.., var last] } => Model(last),
        VariableExpressionAst variable => AsModel(Session.PSVariable.GetValue(variable.VariablePath.UserPath)) ?? Model(Assigned(variable)),
        CommandAst import when import.GetCommandName()?.EndsWith("Import-NtkModel", StringComparison.OrdinalIgnoreCase) == true => Import(import),
        _ => null,
    };

    // $model = Import-NtkModel …, earlier in the same text.
    private static StatementAst? Assigned(VariableExpressionAst variable)
    {
        Ast root = variable;
        while (root.Parent is { } parent)
        {
            root = parent;
        }
        return root.FindAll(node => node is AssignmentStatementAst { Left: VariableExpressionAst left } && left.Extent.EndOffset < variable.Extent.StartOffset
            && left.VariablePath.UserPath.Equals(variable.VariablePath.UserPath, StringComparison.OrdinalIgnoreCase), searchNestedScriptBlocks: false).OfType<AssignmentStatementAst>().LastOrDefault()?.Right;
    }

    private NtkModel? Import(CommandAst import)
    {
        Dictionary<string, ParameterBindingResult> arguments = StaticParameterBinder.BindCommand(import).BoundParameters;
        string? Constant(string name) => arguments.TryGetValue(name, out ParameterBindingResult? value) && value.ConstantValue is { } constant ? First(constant) : null;
        if ((Constant("LiteralPath") ?? Constant("Path")) is not { Length: > 0 } path)
        {
            return null;
        }
        string full = Resolve(path), file = ModelOutline.FileOf(full);
        return new FileInfo(file) is { Exists: true, Length: <= MostBytes }
            ? Models.Get(file, $"{full}|{Constant("Signature")}", () => NtkEngine.Import(full, new ImportOptions { Signature = Constant("Signature") })) : null;
    }

    private static NtkModel? AsModel(object? value) => PlainValue.Unwrap(value) switch
    {
        NtkModel model => model,
        object[] { Length: > 0 } several => AsModel(several[0]),
        _ => null,
    };

    private static string? First(object value) => PlainValue.Unwrap(value) switch
    {
        string text => text,
        IEnumerable list and not NtkTensor => list.Cast<object?>().FirstOrDefault() is { } first ? First(first) : null,
        var other => other?.ToString(),
    };

    private static SessionState Ask()
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddScript("$ExecutionContext.SessionState").Invoke<SessionState>()[0];
    }
}
