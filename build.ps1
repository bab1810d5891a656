<#
.SYNOPSIS
Builds, tests, packages or cleans: ./build.ps1 -Task Build, Test, Package, Clean.
.DESCRIPTION
Build leaves the module in out/Ntk and the shell in out/shell. Test runs the core's tests and, in this PowerShell, the Pester tests.
Package makes out/Ntk.<version>.zip of the module. The version is that of module/Ntk.psd1.
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Clean')]
    [string[]]$Task = 'Build',
    [ValidateSet('Release', 'Debug')]
    [string]$Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $args ended with $LASTEXITCODE." }
}

function Build { Invoke-Dotnet build "$PSScriptRoot/Ntk.sln" -c $Configuration }

function Test {
    Invoke-Dotnet test --solution "$PSScriptRoot/Ntk.sln" -c $Configuration
    # A process of its own: a module's binaries stay loaded.
    & ([Environment]::ProcessPath) -NoProfile -File "$PSScriptRoot/tests/pester/Invoke-Tests.ps1"
    if ($LASTEXITCODE -ne 0) { throw "The Pester tests ended with $LASTEXITCODE." }
}

function Package {
    Build
    $version = (Test-ModuleManifest "$PSScriptRoot/out/Ntk/Ntk.psd1").Version
    $package = "$PSScriptRoot/out/Ntk.$version.zip"
    if ([IO.File]::Exists($package)) { [IO.File]::Delete($package) }
    [IO.Compression.ZipFile]::CreateFromDirectory("$PSScriptRoot/out/Ntk", $package, 'Optimal', $true)
    '{0}: {1:N0} MB' -f $package, ([IO.FileInfo]::new($package).Length / 1MB)
}

function Clean {
    Invoke-Dotnet clean "$PSScriptRoot/Ntk.sln" -c $Configuration -v quiet
    foreach ($folder in 'out', 'TestResults') {
        if ([IO.Directory]::Exists("$PSScriptRoot/$folder")) { [IO.Directory]::Delete("$PSScriptRoot/$folder", $true) }
    }
}

$Task | ForEach-Object { & $_ }
