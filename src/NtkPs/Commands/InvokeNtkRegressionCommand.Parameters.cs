using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <content>What it is given.</content>
public sealed partial class InvokeNtkRegressionCommand
{
    /// <summary>The kernel of the training examples with themselves, (N, N).</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = KernelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTrainTrain { get; set; } = null!;

    /// <summary>The kernel of the test with the training examples, (M, N); its rows may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ParameterSetName = KernelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTestTrain { get; set; } = null!;

    /// <summary>The model whose kernel it is, from Import-NtkModel; several may come through the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ModelSet)]
    [ValidateNotNull]
    public NtkModel Model { get; set; } = null!;

    /// <summary>The training examples, first axis the batch: a tensor, rows, an array or a path; several inputs as a dictionary by name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object XTrain { get; set; } = null!;

    /// <summary>The test examples.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object XTest { get; set; } = null!;

    /// <summary>Labels (N,), integers from 0 or text; or floating-point targets (N,) or (N, C).</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <summary>What is added to the diagonal of the training kernel, in units of the diagonal's mean.</summary>
    [Parameter]
    public double Ridge { get; set; }

    /// <summary>Chooses the ridge by k-fold cross-validation on the training examples: most right labels, or the smallest squared error. -Verbose tells of each.</summary>
    [Parameter]
    public SwitchParameter CrossValidate { get; set; }

    /// <summary>The number of folds of -CrossValidate.</summary>
    [Parameter]
    public int Fold { get; set; } = 5;

    /// <summary>The ridges that -CrossValidate chooses from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public double[] RidgeCandidate { get; set; } = [.. new CrossValidation().Ridges];

    /// <summary>
    /// Direct factors the training kernel (Cholesky). ConjugateGradient multiplies with it instead, preconditioned by some of its columns: from a model the kernel
    /// is never formed, and memory is linear in the training examples. -Verbose tells of iterations and time.
    /// </summary>
    [Parameter]
    public NtkRegressionSolver Solver { get; set; }

    /// <summary>The residual at which ConjugateGradient stops, as a share of the targets; without it 1e-4, of kernels in float64 1e-8.</summary>
    [Parameter]
    public double Tolerance { get; set; }

    /// <summary>Products with the kernel after which ConjugateGradient gives up, with a warning.</summary>
    [Parameter]
    public int MaxIteration { get; set; } = 500;

    /// <summary>The columns of the kernel that ConjugateGradient's Nyström preconditioner is made of, 0 for none; without it a tenth of them, at most 1,000.</summary>
    [Parameter]
    public int PreconditionerRank { get; set; }

    /// <summary>Fixes which examples -CrossValidate puts in a fold together, and which the preconditioner takes.</summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>Parameters of the model to sum over, by name, with wildcards.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ParameterNameCompleter))]
    public string[]? ParameterName { get; set; }

    /// <summary>Takes every float variable as a parameter, not the trainable ones alone.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    public SwitchParameter IncludeNonTrainable { get; set; }

    /// <summary>The model's output, where it has several.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    [ArgumentCompleter(typeof(OutputNameCompleter))]
    public string? Output { get; set; }

    /// <summary>The type that kernels are computed in: Single (float32) or Double (float64).</summary>
    [Parameter(ParameterSetName = ModelSet)]
    public NtkPrecision Precision { get; set; }

    /// <summary>Bytes that a kernel's computation may take beside the model, such as 2GB.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    [ValidateRange(1L, long.MaxValue)]
    public long MemoryLimit { get; set; }
}
