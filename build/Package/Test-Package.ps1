<#
.SYNOPSIS
Unpacks a package as Install-PSResource does, imports the module from there, reads its help and computes a kernel. To be run in a process of its own.
#>
#Requires -Version 7.4
[CmdletBinding()]
param([Parameter(Mandatory)][string]$Path)
$ErrorActionPreference = 'Stop'
$folder = [IO.Directory]::CreateTempSubdirectory('ntk-package-').FullName
try {
    [IO.Compression.ZipFile]::ExtractToDirectory($Path, "$folder/Ntk")
    foreach ($own in 'Ntk.nuspec', '[Content_Types].xml') { [IO.File]::Delete("$folder/Ntk/$own") }
    foreach ($own in '_rels', 'package') { [IO.Directory]::Delete("$folder/Ntk/$own", $true) }

    $manifest = Test-ModuleManifest "$folder/Ntk/Ntk.psd1"
    Import-Module "$folder/Ntk/Ntk.psd1"
    $module = Get-Module Ntk
    if ($module.ModuleBase -ne "$folder/Ntk") { throw "The module came from '$($module.ModuleBase)', not from the package." }
    $missing = @($manifest.ExportedCmdlets.Keys | Where-Object { -not $module.ExportedCmdlets.ContainsKey($_) })
    if ($missing) { throw "The package lacks $missing." }
    if ((Get-Help Import-NtkModel).Synopsis -notmatch 'TensorFlow') { throw 'The package has no help.' }

    $digits = [IO.Path]::GetFullPath("$PSScriptRoot/../../samples/digits")
    $x = (Import-NtkTensor "$digits/data.npz/x_train").Slice(0, 8)
    $kernel = Invoke-EmpiricalNtk (Import-NtkModel "$digits/untrained.keras") $x
    $expected = Import-NtkTensor "$digits/data.npz/k_untrained_8x8"
    for ($i = 0; $i -lt 8; $i++) {
        for ($j = 0; $j -lt 8; $j++) {
            if ([Math]::Abs($kernel[$i, $j] - $expected[$i, $j]) -gt 1e-4 * $expected[2, 2]) { throw "kernel[$i, $j] is $($kernel[$i, $j]), not $($expected[$i, $j])." }
        }
    }
    "$([IO.Path]::GetFileName($Path)): unpacked, imported, $($module.ExportedCmdlets.Count) cmdlets, help, a kernel of $($kernel.Shape -join ' x ') as expected"
}
finally {
    [IO.Directory]::Delete($folder, $true)
}
