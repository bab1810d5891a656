# What every test file starts with, dot-sourced in its first BeforeAll: the built module, the fixtures' folder, and a comparison.
Import-Module "$PSScriptRoot/../../../out/Ntk"
$fixtures = [System.IO.Path]::GetFullPath("$PSScriptRoot/../../fixtures")

# The largest difference of two tensors' elements, relative to the largest element of the second.
function Get-Difference($Actual, $Expected) {
    $a = $Actual.ToFlatArray()
    $e = $Expected.ToFlatArray()
    $difference, $scale = 0.0, 0.0
    for ($i = 0; $i -lt $e.Length; $i++) {
        $difference = [Math]::Max($difference, [Math]::Abs($a[$i] - $e[$i]))
        $scale = [Math]::Max($scale, [Math]::Abs($e[$i]))
    }
    $difference / $scale
}
