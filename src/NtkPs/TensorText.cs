using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>
/// Tensors within results: what they are, but as text, which Export-Csv writes, all their elements in one line of JSON rather than the corner that a prompt
/// shows. The types file names these as the results' properties.
/// </summary>
public static class TensorText
{
    /// <summary>The training outputs of a prediction.</summary>
    public static object? Train(PSObject result) => Written(((NtkPrediction)result.BaseObject).Train);

    /// <summary>The test outputs of a prediction.</summary>
    public static object? Test(PSObject result) => Written(((NtkPrediction)result.BaseObject).Test);

    /// <summary>The mean of a Gaussian prediction.</summary>
    public static object? Mean(PSObject result) => Written(((NtkGaussianPrediction)result.BaseObject).Mean);

    /// <summary>The covariance of a Gaussian prediction.</summary>
    public static object? Covariance(PSObject result) => Written(((NtkGaussianPrediction)result.BaseObject).Covariance);

    /// <summary>The outputs at the file's parameters.</summary>
    public static object? Value(PSObject result) => Written(((NtkLinearization)result.BaseObject).Value);

    /// <summary>The linearized outputs.</summary>
    public static object? Linearized(PSObject result) => Written(((NtkLinearization)result.BaseObject).Linearized);

    /// <summary>The text itself.</summary>
    public static string Text(PSObject tensor) => ((NtkTensor)tensor.BaseObject).ToJson();

    private static PSObject? Written(NtkTensor? tensor)
    {
        if (tensor is null)
        {
            return null;
        }
        var shown = PSObject.AsPSObject(tensor);
        if (shown.Members["ToString"] is not PSCodeMethod)
        {
            shown.Members.Add(new PSCodeMethod(nameof(ToString), typeof(TensorText).GetMethod(nameof(Text))));
        }
        return shown;
    }
}
