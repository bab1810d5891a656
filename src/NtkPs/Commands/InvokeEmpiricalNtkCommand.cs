using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Computes the empirical neural tangent kernel of a model.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "EmpiricalNtk", DefaultParameterSetName = ModelSets.Piped, SupportsShouldProcess = true)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeEmpiricalNtkCommand : KernelCmdlet
{
    private string? _outFile;
    private bool _outFileWritten;

    /// <summary>A .npy file that the kernel is written to as it is computed; the tensor is then the file mapped into memory.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public string? OutFile { get; set; }

    /// <summary>Leaves a file that -OutFile names and that exists as it is.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    private protected override void ReadArguments()
    {
        base.ReadArguments();
        if (OutFile is not null)
        {
            _outFile = SessionPaths.KernelFile(this, OutFile, NoClobber);
        }
    }

    private protected override void RunModel()
    {
        NtkModel model = Model;
        if (_outFileWritten)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-OutFile takes one kernel; the one of '{model.Name}' would overwrite the one before. Run each model on its own.") { Target = OutFile };
        }
        if (_outFile is not null && !ShouldProcess(_outFile, $"Write the kernel of {model.Name}"))
        {
            return;
        }
        (IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2) = Sides();
        var options = (KernelOptions)Options() with { OutFile = _outFile, Overwrite = !NoClobber, Report = IsVerbose ? QueueVerbose : null };
        IReadOnlyList<NtkTensor> kernels = Work($"Kernel of {model.Name}", (progress, cancellation) => NtkEngine.EmpiricalNtk(model, x1, x2, options, progress, cancellation));
        _outFileWritten = _outFile is not null;
        foreach (NtkTensor kernel in kernels)
        {
            kernel.Origin = model.Name;
            WriteTensor(kernel, kernels.Count);
        }
    }
}
