# How well does a network's tangent kernel classify handwritten digits, before and after the network is trained?
#
# Kernel regression with the empirical neural tangent kernel of a small CNN: 1000 training images, 700 test images of scikit-learn's optical digits.
param([string] $OutputPath = "$PSScriptRoot/output")

Import-Module Ntk
$null = [IO.Directory]::CreateDirectory($OutputPath)

$data = @{}
Import-NtkTensor "$PSScriptRoot/data.npz" | ForEach-Object { $data[$_.Name] = $_ }
$xTest = $data.x_test.Slice(0, 700)
$labels = $data.y_test.ToFlatArray()

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
    $guesses = (Invoke-NtkModel $model $data.x_test -NoEnumerate).ArgMax()
    $networkRight = @(0..($labels.Count - 1) | Where-Object { $guesses[$_] -eq $labels[$_] })

    $trainTrain | Export-NtkTensor -Path "$OutputPath/$name.npy"
    $trainTrain | Export-NtkTensor -Path "$OutputPath/$name.csv"

    [pscustomobject] @{
        Network          = $name
        KernelAccuracy   = '{0:P1}' -f ($right.Count / 700)
        NetworkAccuracy  = '{0:P1}' -f ($networkRight.Count / $labels.Count)
        KernelSeconds    = '{0:F1}' -f $seconds
        Kernel           = "$OutputPath/$name.npy, .csv"
    }
}
