# A folder is full of models. Which of them would gradient descent get stuck on?
#
# Each Keras file in a folder and the folders within is read, gets 8 random examples of its input, and is measured by the kernel of each output: the condition number (here its decimal logarithm)
# says how many times slower gradient descent learns the last direction than the first, the effective rank how many directions there are. What cannot be read or run is told of and does not stop the others.
# With PowerShell's own commands: ./folder.ps1 my/models | Sort-Object LogCondition -Descending | Select-Object -First 10
param(
    [string] $Path = "$PSScriptRoot/../../tests/fixtures",
    [string] $Filter = '*.keras'
)

if (-not (Get-Command Invoke-EmpiricalNtk -ErrorAction Ignore)) { Import-Module "$PSScriptRoot/../../out/Ntk" }
$Path = [IO.Path]::GetFullPath($Path, $PWD.ProviderPath)

# Eight examples for each input, the same ones each time; a size that the model leaves open is 6.
function New-Example($Model) {
    $random = [Random]::new(1)
    $inputs = @{}
    foreach ($spec in $Model.Inputs) {
        $shape = [int[]] @($spec.Shape | ForEach-Object { $_ -lt 0 ? 6 : $_ })
        $shape[0] = 8
        $count = 1
        $shape | ForEach-Object { $count *= $_ }
        $values = "$($spec.DType)" -like '*Float*' ? [double[]]::new($count) : [int[]]::new($count)
        for ($i = 0; $i -lt $count; $i++) { $values[$i] = $values -is [int[]] ? $random.Next(5) : $random.NextDouble() }
        $inputs[$spec.Name] = [NtkTensor]::FromArray($values, $shape)
    }
    $inputs
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$counts = @{ Model = 0; Kernel = 0 }
$problems = @()
$files = [IO.Directory]::GetFiles($Path, $Filter, 'AllDirectories')
[array]::Sort($files)
$files | Import-NtkModel -ErrorAction SilentlyContinue -ErrorVariable +problems | ForEach-Object {
    $model = $_
    $counts.Model++
    try {
        foreach ($kernel in @(Invoke-EmpiricalNtk $model (New-Example $model) -NoEnumerate -ErrorAction Stop)) {
            $spectrum = Measure-NtkSpectrum $kernel
            $counts.Kernel++
            [pscustomobject] @{
                Model         = [IO.Path]::GetRelativePath($Path, $model.Path)
                Output        = $kernel.Name
                EffectiveRank = $spectrum.EffectiveRank
                LogCondition  = [Math]::Log10($spectrum.ConditionNumber)
            }
        }
    }
    catch { $problems += $_ }
}

''
'{0} models, {1} kernels in {2:F0} s.' -f $counts.Model, $counts.Kernel, $clock.Elapsed.TotalSeconds
foreach ($problem in $problems) { "Left out: $($problem.Exception.Message)" }
