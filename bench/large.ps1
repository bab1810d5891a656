# Kernel regression on more images than a kernel matrix has room for: conjugate gradients on products with the kernel of the digits sample's CNN, the kernel never formed.
#
#     dotnet out/shell/NtkPs.Shell.dll -File bench/large.ps1 -Count 20000
#
# The images are the sample's 1000 training images again and again, each moved by up to a pixel and with a little noise. -Compare solves the same directly, too.
param([int] $Count = 20000, [double] $Ridge = 0.01, [double] $Tolerance = 1e-4, [int] $PreconditionerRank = 1000, [long] $MemoryLimit = 256MB, [int] $MaxIteration = 500, [switch] $Compare)

Import-Module Ntk
$sample = "$PSScriptRoot/../samples/digits"
$data = @{}
Import-NtkTensor "$sample/data.npz" | ForEach-Object { $data[$_.Name] = $_ }
$pixels, $digits = $data.x_train.ToFlatArray(), $data.y_train.ToFlatArray()
$random = [Random]::new(1)
$images, $labels = [float[]]::new(64 * $Count), [int[]]::new($Count)
for ($i = 0; $i -lt $Count; $i++) {
    $source = $i % 1000
    $labels[$i] = $digits[$source]
    $down, $right = $i -lt 1000 ? (0, 0) : ($random.Next(-1, 2), $random.Next(-1, 2))
    for ($p = 0; $p -lt 64; $p++) {
        $row, $column = (($p -shr 3) - $down), (($p -band 7) - $right)
        $value = $row -ge 0 -and $row -lt 8 -and $column -ge 0 -and $column -lt 8 ? $pixels[64 * $source + 8 * $row + $column] : 0
        $images[64 * $i + $p] = $i -lt 1000 ? $value : $value + 0.1 * $random.NextDouble()
    }
}
$x = [NtkTensor]::FromArray($images, @($Count, 8, 8, 1))
$model = Import-NtkModel "$sample/untrained.keras"
$answers = $data.y_test.ToFlatArray()

$common = @{ Model = $model; XTrain = $x; YTrain = $labels; XTest = $data.x_test; Ridge = $Ridge; MemoryLimit = $MemoryLimit }
$predictions = @{}
foreach ($solver in $Compare ? ('ConjugateGradient', 'Direct') : 'ConjugateGradient') {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $how = $solver -eq 'Direct' ? @{} : @{ Solver = $solver; Tolerance = $Tolerance; PreconditionerRank = $PreconditionerRank; MaxIteration = $MaxIteration; Verbose = $true }
    $predictions[$solver] = @(Invoke-NtkRegression @common @how)
    $seconds = $clock.Elapsed.TotalSeconds
    $known = 0
    foreach ($prediction in $predictions[$solver]) { if ($prediction.Label -eq $answers[$prediction.Index]) { $known++ } }
    '{0}: {1:N0} images, {2:F1} s, {3:P2} of {4} test images right, at most {5:N0} MB of memory' -f $solver, $Count, $seconds, ($known / $answers.Count), $answers.Count, ([Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1MB)
}
if ($Compare) {
    $apart, $others = 0.0, 0
    foreach ($i in 0..($answers.Count - 1)) {
        $one, $other = $predictions.ConjugateGradient[$i], $predictions.Direct[$i]
        if ($one.Label -ne $other.Label) { $others++ }
        foreach ($c in 0..9) { $apart = [Math]::Max($apart, [Math]::Abs($one.Scores[$c] - $other.Scores[$c])) }
    }
    'Scores are at most {0:E1} apart; {1} labels differ.' -f $apart, $others
}
