<#
.SYNOPSIS
Builds, tests, packages or cleans: ./build.ps1 -Task Build, Test, Package, Clean.
.DESCRIPTION
Build leaves the module in out/Ntk and the shell in out/shell. Test runs the core's tests and, in this PowerShell, the Pester tests.
Package makes, for each platform, the module's folder and a .nupkg in out/packages/<platform>, and tries the one of this platform. The version is that of module/Ntk.psd1.
Without pwsh: dotnet out/shell/NtkPs.Shell.dll build.ps1 -Task Package
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package', 'Clean')]
    [string[]]$Task = 'Build',
    [ValidateSet('Release', 'Debug')]
    [string]$Configuration = 'Release',
    # The platforms to package for.
    [string[]]$Runtime = @('linux-x64', 'win-x64', 'osx-arm64')
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
    $shell = @(if ([IO.Path]::GetFileNameWithoutExtension([Environment]::ProcessPath) -eq 'dotnet') { [Environment]::GetCommandLineArgs()[0] })
    & ([Environment]::ProcessPath) @shell -NoProfile -File "$PSScriptRoot/tests/pester/Invoke-Tests.ps1"
    if ($LASTEXITCODE -ne 0) { throw "The Pester tests ended with $LASTEXITCODE." }
}

function Package {
    Build
    & "$PSScriptRoot/build/Package/Package.ps1" -Runtime $Runtime -Configuration $Configuration
}

function Clean {
    Invoke-Dotnet clean "$PSScriptRoot/Ntk.sln" -c $Configuration -v quiet
    foreach ($folder in 'out', 'TestResults') {
        if ([IO.Directory]::Exists("$PSScriptRoot/$folder")) { [IO.Directory]::Delete("$PSScriptRoot/$folder", $true) }
    }
}

$Task | ForEach-Object { & $_ }
