<#
.SYNOPSIS
Makes a module folder and a .nupkg for each platform, in out/packages/<platform>; needs a build.
.DESCRIPTION
Each folder out/packages/<platform> is a repository for Install-PSResource. What describes the package comes from the module's manifest.
It runs in a PowerShell of core commands.
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    [string[]]$Runtime = @('linux-x64', 'win-x64', 'osx-arm64'),
    [string]$Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest
$root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")

function Invoke-Dotnet {
    & dotnet @args -c $Configuration -v quiet --nologo
    if ($LASTEXITCODE -ne 0) { throw "dotnet $args ended with $LASTEXITCODE." }
}

function Get-Size([string[]]$File) {
    $bytes = 0L
    foreach ($one in $File) { $bytes += [IO.FileInfo]::new($one).Length }
    '{0:N0} MB' -f ($bytes / 1MB)
}

# What Install-PSResource reads: PSModule says what it is, PSCmdlet_* what Find-PSResource -CommandName finds.
function Get-Nuspec($Manifest) {
    $escape = { [Security.SecurityElement]::Escape("$args") }
    $data = $Manifest.PrivateData.PSData
    $tags = @($data.Tags) + 'PSModule' + @($Manifest.ExportedCmdlets.Keys | ForEach-Object { "PSCmdlet_$_"; "PSCommand_$_" }) + 'PSIncludes_Cmdlet'
    @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>$($Manifest.Name)</id>
    <version>$($Manifest.Version)</version>
    <authors>$(& $escape $Manifest.Author)</authors>
    <owners>$(& $escape $Manifest.CompanyName)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <license type="expression">MIT</license>
    <description>$(& $escape $Manifest.Description)</description>
    <releaseNotes>$(& $escape $data.ReleaseNotes)</releaseNotes>
    <copyright>$(& $escape $Manifest.Copyright)</copyright>
    <tags>$(& $escape ($tags -join ' '))</tags>
  </metadata>
  <files><file src="**" target="" /></files>
</package>
"@
}

$packages = "$root/out/packages"
$managed = "$packages/managed/Ntk/"
Invoke-Dotnet build "$root/src/NtkPs" '-p:NtkReadyToRun=false' '-p:NtkNatives=false' "-p:ModuleDirectory=$managed"
$manifest = Test-ModuleManifest "$managed/Ntk.psd1"
foreach ($one in $Runtime) {
    $folder = "$packages/$one"
    if ([IO.Directory]::Exists($folder)) { [IO.Directory]::Delete($folder, $true) }
    $null = [IO.Directory]::CreateDirectory($folder)
    $nuspec = "$root/build/Package/obj/$one/Ntk.nuspec"
    $properties = "-p:NtkNativeRuntime=$one", "-p:NtkManagedDirectory=$managed", "-p:NtkPackageDirectory=$folder/Ntk/"
    Invoke-Dotnet build "$PSScriptRoot/Package.csproj" @properties
    [IO.File]::WriteAllText($nuspec, (Get-Nuspec $manifest))
    Invoke-Dotnet pack "$PSScriptRoot/Package.csproj" --no-build @properties "-p:NuspecFile=$nuspec"
    $package = "$folder/Ntk.$($manifest.Version).nupkg"
    '{0}: {1} unpacked; {2}: {3}' -f "$folder/Ntk", (Get-Size ([IO.Directory]::GetFiles("$folder/Ntk", '*', 'AllDirectories'))), [IO.Path]::GetFileName($package), (Get-Size $package)
}
[IO.Directory]::Delete("$packages/managed", $true)

# Only a package of this machine's own platform can be tried here.
$own = & dotnet msbuild "$root/src/NtkPs.Shell" -getProperty:NETCoreSdkPortableRuntimeIdentifier
foreach ($one in $Runtime) {
    if ($one -ne $own) { "$one was not tried: this machine is $own."; continue }
    & dotnet "$root/out/shell/NtkPs.Shell.dll" "$PSScriptRoot/Test-Package.ps1" "$packages/$one/Ntk.$($manifest.Version).nupkg"
    if ($LASTEXITCODE -ne 0) { throw "The package for $one does not work: Test-Package.ps1 ended with $LASTEXITCODE." }
}
