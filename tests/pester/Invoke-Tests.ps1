<#
.SYNOPSIS
Runs the Pester tests: with Pester 5 where it is installed, else with the stand-in in support/.
.DESCRIPTION
Prints each failed test and, last, the counts. Exit code 1 where a test failed. Tests tagged Utility need commands (Export-Csv, …)
that a PowerShell of core commands lacks: there they are skipped, and counted as skipped.
#>
[CmdletBinding()]
param(
    # Folders or *.Tests.ps1 files; a comma parts them, as -File hands several over.
    [string[]]$Path = $PSScriptRoot,
    [string[]]$ExcludeTag = @()
)
$files = @(foreach ($item in $Path -split ',') {
        $full = [System.IO.Path]::GetFullPath($item, $PWD.ProviderPath)
        if ([System.IO.Directory]::Exists($full)) { [System.IO.Directory]::GetFiles($full, '*.Tests.ps1', 'AllDirectories') } else { $full }
    })
[array]::Sort($files)
# The module that was built here, by its name too.
$env:PSModulePath = [System.IO.Path]::GetFullPath("$PSScriptRoot/../../out") + [System.IO.Path]::PathSeparator + $env:PSModulePath
if (-not (Get-Command Export-Csv -ErrorAction Ignore)) {
    $ExcludeTag += 'Utility'
}

if (Get-Module Pester -ListAvailable | Where-Object Version -GE '5.0') {
    Import-Module Pester -MinimumVersion 5.0
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $files
    $configuration.Run.PassThru = $true
    $configuration.Filter.ExcludeTag = $ExcludeTag
    $result = Invoke-Pester -Configuration $configuration
    $passed, $failed, $skipped = $result.PassedCount, ($result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount), ($result.SkippedCount + $result.NotRunCount)
}
else {
    Import-Module "$PSScriptRoot/support/PesterStandIn/PesterStandIn.psm1"
    $result = Invoke-PesterStandIn -Path $files -ExcludeTag $ExcludeTag
    $result.Failures
    $passed, $failed, $skipped = $result.Passed, $result.Failed, $result.Skipped
}
if ($null -eq $result) { throw "No tests ran of $Path." }
"$passed passed, $failed failed, $skipped skipped"
exit ($failed -gt 0 ? 1 : 0)
