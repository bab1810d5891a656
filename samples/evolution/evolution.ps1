# How far does training move a network's tangent kernel, and which layers move it?
#
# A network that is wide enough keeps its kernel while it is trained ("lazy" training); one that learns features does not. Here: the small CNN of ../digits, before and after training,
# on 200 of its training images. A centred alignment of 1 would be the same kernel up to a factor.
param([string] $OutputPath = "$PSScriptRoot/output")

if (-not (Get-Command Invoke-EmpiricalNtk -ErrorAction Ignore)) { Import-Module "$PSScriptRoot/../../out/Ntk" }
$null = [IO.Directory]::CreateDirectory($OutputPath)
$digits = "$PSScriptRoot/../digits"
$x = (Import-NtkTensor "$digits/data.npz/x_train" -NoEnumerate).Slice(0, 200)
$y = (Import-NtkTensor "$digits/data.npz/y_train" -NoEnumerate).Slice(0, 200)

# One kernel for each layer that has parameters; their sum is the network's.
$before = @(Import-NtkModel "$digits/untrained.keras" | Invoke-EmpiricalNtk -X1 $x -PerLayer)
$after = @(Import-NtkModel "$digits/saved_model" | Invoke-EmpiricalNtk -X1 $x -PerLayer)
$total = @{ before = $before[0]; after = $after[0] }
foreach ($i in 1..($before.Count - 1)) {
    $total.before = $total.before.Add($before[$i])
    $total.after = $total.after.Add($after[$i])
}
function Get-Trace($Kernel) { ($Kernel | Measure-NtkSpectrum).Trace }
$traces = @{ before = Get-Trace $total.before; after = Get-Trace $total.after }

foreach ($i in 0..($before.Count - 1)) {
    [pscustomobject] @{
        Layer            = $before[$i].Name
        ShareBefore      = '{0,5:P1}' -f ((Get-Trace $before[$i]) / $traces.before)
        ShareAfter       = '{0,5:P1}' -f ((Get-Trace $after[$i]) / $traces.after)
        CentredAlignment = '{0:F3}' -f (Compare-NtkKernel $before[$i] $after[$i]).CentredAlignment
    }
}

$comparison = Compare-NtkKernel $total.before $total.after
$alignment = @{ before = Measure-NtkAlignment $total.before $y; after = Measure-NtkAlignment $total.after $y }
''
'The whole kernel: {0:F3} aligned with what it was, {1:N0} times as large.' -f $comparison.CentredAlignment, $comparison.NormRatio
'Alignment with the labels: {0:F3} before, {1:F3} after; nine tenths of the labels lie in {2} and {3} of 200 eigenvectors.' -f
    $alignment.before.CentredAlignment, $alignment.after.CentredAlignment, $alignment.before.TargetDimension, $alignment.after.TargetDimension

$named = $total.before.WithName('before'), $total.after.WithName('after')
foreach ($kernel in $named) { $kernel | Export-NtkPlot "$OutputPath/$($kernel.Name).png" -Label $y }
$named | Export-NtkPlot "$OutputPath/spectra.png" -Kind Spectrum -Title 'The kernel of a digits CNN before and after training'
''
$named | Export-NtkPlot -AsText -Kind Spectrum -Width 72 -Title 'The kernel of a digits CNN before and after training'
