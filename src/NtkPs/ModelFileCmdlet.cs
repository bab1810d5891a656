using System.Collections;
using System.Management.Automation;
using Ntk.Core.Formats;

namespace NtkPs;

/// <summary>The base of commands that read model files: which files, and what of them.</summary>
public abstract class ModelFileCmdlet : NtkCmdlet
{
    /// <summary>Files or folders; wildcards match several.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ModelPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files or folders, taken as they are.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(ModelPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The signature of a SavedModel, or a function where it exports none; serving_default, the only one, or __call__ without it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SignatureCompleter))]
    public string? Signature { get; set; }

    /// <summary>Tensors of a graph that become its inputs, with or without :0.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(GraphTensorCompleter))]
    public string[]? InputTensor { get; set; }

    /// <summary>Tensors of a graph that become its outputs, with or without :0.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(GraphTensorCompleter))]
    public string[]? OutputTensor { get; set; }

    /// <summary>Inputs that are parameters, of a function f(params, x).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SignatureInputCompleter))]
    public string[]? ParameterInput { get; set; }

    /// <summary>Values of placeholders beside the data, by name: keep_prob of a dropout, is_training.</summary>
    [Parameter]
    public IDictionary? Feed { get; set; }

    /// <summary>Does what the command does with one file.</summary>
    private protected abstract void Process(string file, ImportOptions options);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == "LiteralPath";
        string[] given = literal ? LiteralPath : Path;
        var options = new ImportOptions
        {
            Signature = Signature, InputTensors = InputTensor ?? [], OutputTensors = OutputTensor ?? [], ParameterInputs = ParameterInput ?? [],
            Feeds = Feed is null ? [] : TensorArgument.ByName(this, Feed, "-Feed"),
        };
        foreach (string path in given)
        {
            bool one = given.Length == 1 && !MyInvocation.ExpectingInput && (literal || !WildcardPattern.ContainsWildcardCharacters(path));
            ForItem(one, () =>
            {
                foreach (string file in literal ? [SessionPaths.Full(this, path)] : SessionPaths.Matches(this, path))
                {
                    ForItem(one, () => Process(file, options));
                }
            });
        }
    }
}
