# Seconds from Import-Module to the first kernel, in a shell that is already running.
param([string] $Path, [int] $N1, [int] $N2, [string] $TraceAxis)
$ErrorActionPreference = 'Stop'
$watch = [Diagnostics.Stopwatch]::StartNew()
Import-Module Ntk
$model = Import-NtkModel $Path
$shape = @($model.Inputs[0].Shape)
$count = 1
for ($i = 1; $i -lt $shape.Length; $i++) { $count *= $shape[$i] }
function New-Input([int] $n) {
    $random = [Random]::new($n)
    $values = [float[]]::new($n * $count)
    for ($i = 0; $i -lt $values.Length; $i++) { $values[$i] = $random.NextSingle() - 0.5 }
    $shape[0] = $n
    $x = [Array]::CreateInstance([float], [int[]] $shape)
    [Buffer]::BlockCopy($values, 0, $x, 0, 4 * $values.Length)
    , $x
}
$watch.Stop()
$x1 = New-Input $N1
$x2 = if ($N2) { New-Input $N2 }
$axes = if ($TraceAxis) { , -1 } else { @() }
$watch.Start()
$kernel = if ($N2) { Invoke-EmpiricalNtk $model $x1 $x2 -TraceAxis $axes } else { Invoke-EmpiricalNtk $model $x1 -TraceAxis $axes }
$watch.Elapsed.TotalSeconds
