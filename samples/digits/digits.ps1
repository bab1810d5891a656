# How well does a network's tangent kernel classify handwritten digits, before and after the network is trained? Does it foresee what training makes of the network, and whom does it learn from?
#
# Kernel regression with the empirical neural tangent kernel of a small CNN: 1000 training images, 700 test images of scikit-learn's optical digits. Then gradient descent as the untrained
# network's kernel foresees it, beside the network that was trained; the training images behind a mistake; and pictures of all of it.
param([string] $OutputPath = "$PSScriptRoot/output")

if (-not (Get-Command Invoke-EmpiricalNtk -ErrorAction Ignore)) { Import-Module "$PSScriptRoot/../../out/Ntk" }
$null = [IO.Directory]::CreateDirectory($OutputPath)

$data = @{}
Import-NtkTensor "$PSScriptRoot/data.npz" | ForEach-Object { $data[$_.Name] = $_ }
$xTest = $data.x_test.Slice(0, 700)
$labels = $data.y_test.ToFlatArray()

$kernels = @{}
$guesses = @{}

$models = [ordered] @{ untrained = "$PSScriptRoot/untrained.keras"; trained = "$PSScriptRoot/saved_model" }
foreach ($name in $models.Keys) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $model = Import-NtkModel $models[$name]

    # The kernel of the training images with themselves, and of the test images with them.
    $trainTrain = Invoke-EmpiricalNtk $model $data.x_train
    $testTrain = Invoke-EmpiricalNtk $model $xTest $data.x_train
    $seconds = $clock.Elapsed.TotalSeconds

    $predictions = Invoke-NtkRegression $trainTrain $testTrain $data.y_train -Ridge 1e-4
    $right = @($predictions | Where-Object { $_.Label -eq $labels[$_.Index] })

    # What the network itself says of all test images: the digit with the largest output.
    $guesses[$name] = (Invoke-NtkModel $model $data.x_test -NoEnumerate).ArgMax()
    $networkRight = @(0..($labels.Count - 1) | Where-Object { $guesses[$name][$_] -eq $labels[$_] })

    $trainTrain | Export-NtkTensor -Path "$OutputPath/$name.npy"
    $trainTrain | Export-NtkTensor -Path "$OutputPath/$name.csv"
    $trainTrain | Export-NtkPlot -Path "$OutputPath/$name.png" -Label $data.y_train
    $kernels[$name] = @{ Model = $model; TrainTrain = $trainTrain; TestTrain = $testTrain; Predictions = $predictions }

    [pscustomobject] @{
        Network          = $name
        KernelAccuracy   = '{0:P1}' -f ($right.Count / 700)
        NetworkAccuracy  = '{0:P1}' -f ($networkRight.Count / $labels.Count)
        KernelSeconds    = '{0:F1}' -f $seconds
        Kernel           = "$OutputPath/$name.npy, .csv"
    }
}

# Gradient descent on the squared error, from the untrained network's own outputs, as its kernel foresees it in closed form.
$targets = [double[, ]]::new(1000, 10)
$digits = $data.y_train.ToFlatArray()
for ($i = 0; $i -lt 1000; $i++) { $targets[$i, $digits[$i]] = 1 }
$start = $kernels.untrained
$dynamics = Invoke-NtkPrediction $start.TrainTrain $start.TestTrain $targets -Time 0, 10, 100, 1000, 1e4, 1e5, ([double]::PositiveInfinity) -FxTrain0 (
    Invoke-NtkModel $start.Model $data.x_train -NoEnumerate) -FxTest0 (Invoke-NtkModel $start.Model $xTest -NoEnumerate)

''
'Gradient descent as the untrained kernel foresees it:'
foreach ($moment in $dynamics) {
    $foreseen = $moment.Test.ArgMax()
    '  after {0,8:N0} steps: loss {1:F4}, test accuracy {2,6:P1}' -f $moment.Time, $moment.Loss, (@(0..699 | Where-Object { $foreseen[$_] -eq $labels[$_] }).Count / 700)
}
'In the end it gives {0:P1} of the test images the digit that the trained network gives them.' -f (@(0..699 | Where-Object { $foreseen[$_] -eq $guesses.trained[$_] }).Count / 700)

# The training images behind the first mistake of the trained network's kernel.
$end = $kernels.trained
$mistake = @($end.Predictions | Where-Object { $_.Label -ne $labels[$_.Index] })[0]
$influences = Get-NtkInfluence $end.TrainTrain $end.TestTrain.Slice($mistake.Index, 1) $data.y_train -Ridge 1e-4
$loudest = $influences[0]
foreach ($influence in $influences) { if ($influence.Contribution -gt $loudest.Contribution) { $loudest = $influence } }

''
'Test image {0} shows {1} and is taken for {2}; training image {3}, which shows {4}, speaks loudest for that.' -f
    $mistake.Index, $labels[$mistake.Index], $mistake.Label, $loudest.TrainIndex, $loudest.TrainLabel

$dynamics | Export-NtkPlot -Path "$OutputPath/dynamics.png"
$dynamics | Export-NtkPlot -Path "$OutputPath/loss.svg" -YTrain $targets
$influences | Export-NtkPlot -Path "$OutputPath/influences.png" -Title "Training images behind a mistake: $($labels[$mistake.Index]) taken for $($mistake.Label)"
$kernels.untrained.TrainTrain.WithName('untrained'), $kernels.trained.TrainTrain.WithName('trained') | Export-NtkPlot -Path "$OutputPath/spectra.png" -Kind Spectrum
