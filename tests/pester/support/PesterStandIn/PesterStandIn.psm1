# A small part of Pester 5 for machines where Pester cannot be had: it runs the same test files in the same way, or not at all.
# As in Pester, a file is run twice over: discovery runs the bodies of Describe and Context and collects the tests; then each block's
# BeforeAll, tests and AfterAll run, every block and every test in a scope of its own inside its block's. Only PowerShell's core commands are used.

. "$PSScriptRoot/Should.ps1"

$script:current = $null      # the block that discovery is in
$script:newScope = $null     # runs a block of this module's code in a new scope of the caller's session state
$script:callerState = $null  # whose variables the tests see
$script:results = $null
$script:excludedTags = @()

function New-Block([string]$Name, $Parent, [string[]]$Tag, [bool]$Skip, $Case) {
    @{
        Name = $Name; Parent = $Parent; Case = $Case; Items = [System.Collections.Generic.List[object]]::new()
        Tags = @(if ($Parent) { $Parent.Tags }) + @($Tag)
        Skip = $Skip -or ($Parent -and $Parent.Skip)
        BeforeAll = @(); AfterAll = @(); BeforeEach = @(); AfterEach = @()
    }
}

# One case without data, or one for each item of -ForEach.
function Expand-Case([bool]$Given, $Data) {
    if (-not $Given) {
        return @{ HasData = $false }
    }
    foreach ($item in $Data) {
        @{ HasData = $true; Item = $item }
    }
}

function Set-CaseVariable($Case) {
    if (-not $Case.HasData) {
        return
    }
    $script:callerState.PSVariable.Set('_', $Case.Item)
    if ($Case.Item -is [System.Collections.IDictionary]) {
        foreach ($key in $Case.Item.Keys) {
            $script:callerState.PSVariable.Set([string]$key, $Case.Item[$key])
        }
    }
}

function Add-Block([string]$Name, [scriptblock]$Body, $Cases, [string[]]$Tag, [bool]$Skip) {
    foreach ($case in $Cases) {
        $outer = $script:current
        $block = New-Block $Name $outer $Tag $Skip $case
        $outer.Items.Add($block)
        $script:current = $block
        try {
            $null = & $script:newScope { Set-CaseVariable $case; . $Body }
        }
        finally {
            $script:current = $outer
        }
    }
}

function Describe {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$Name,
        [Parameter(Mandatory, Position = 1)][scriptblock]$Fixture,
        [Alias('Tags')][string[]]$Tag = @(),
        [switch]$Skip,
        [AllowNull()][AllowEmptyCollection()]$ForEach
    )
    Add-Block $Name $Fixture @(Expand-Case $PSBoundParameters.ContainsKey('ForEach') $ForEach) $Tag $Skip
}

function Context {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$Name,
        [Parameter(Mandatory, Position = 1)][scriptblock]$Fixture,
        [Alias('Tags')][string[]]$Tag = @(),
        [switch]$Skip,
        [AllowNull()][AllowEmptyCollection()]$ForEach
    )
    Add-Block $Name $Fixture @(Expand-Case $PSBoundParameters.ContainsKey('ForEach') $ForEach) $Tag $Skip
}

function It {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$Name,
        [Parameter(Mandatory, Position = 1)][scriptblock]$Test,
        [Alias('Tags')][string[]]$Tag = @(),
        [switch]$Skip,
        [Alias('TestCases')][AllowNull()][AllowEmptyCollection()]$ForEach
    )
    foreach ($case in @(Expand-Case $PSBoundParameters.ContainsKey('ForEach') $ForEach)) {
        $leaf = New-Block $Name $script:current $Tag $Skip $case
        $leaf.Body = $Test
        $script:current.Items.Add($leaf)
    }
}

function BeforeAll([Parameter(Mandatory)][scriptblock]$Scriptblock) { $script:current.BeforeAll += $Scriptblock }
function AfterAll([Parameter(Mandatory)][scriptblock]$Scriptblock) { $script:current.AfterAll += $Scriptblock }
function BeforeEach([Parameter(Mandatory)][scriptblock]$Scriptblock) { $script:current.BeforeEach += $Scriptblock }
function AfterEach([Parameter(Mandatory)][scriptblock]$Scriptblock) { $script:current.AfterEach += $Scriptblock }
function BeforeDiscovery([Parameter(Mandatory)][scriptblock]$ScriptBlock) { $null = . $ScriptBlock }

function Set-ItResult([switch]$Skipped, [string]$Because) {
    throw [System.Management.Automation.ErrorRecord]::new([System.Exception]::new("skipped: $Because"), 'PesterTestSkipped', 'NotSpecified', $null)
}

# <name> and <name.property> in a name are the values of the test's variables.
function Expand-Name([string]$Name) {
    [regex]::Replace($Name, '(?<!`)<([\w.]+)>', {
            param($match)
            $value = $script:callerState.InvokeCommand.InvokeScript($script:callerState, [scriptblock]::Create('$' + $match.Groups[1].Value))
            if ($value.Count -eq 0 -or $null -eq $value[0]) { '$null' } else { $value -join ', ' }
        })
}

function Get-Path($Block) {
    $names = for (; $null -ne $Block -and $Block.Parent; $Block = $Block.Parent) { if ($Block.ContainsKey('Shown')) { $Block.Shown } else { $Block.Name } }
    $names = @($names)
    [array]::Reverse($names)
    $names -join ' > '
}

function Test-Excluded($Test) {
    [bool]($Test.Skip -or ($Test.Tags | Where-Object { $_ -in $script:excludedTags }))
}

function Test-Runs($Block) {
    foreach ($item in $Block.Items) {
        if ($item.ContainsKey('Body') ? -not (Test-Excluded $item) : (Test-Runs $item)) {
            return $true
        }
    }
    $false
}

function Add-Failure($Block, $ErrorRecord) {
    $script:results.Failed++
    $frame = $ErrorRecord.ScriptStackTrace -split "`n" | Where-Object { $_ -like '*.Tests.ps1*' } | ForEach-Object Trim
    $script:results.Failures.Add("[-] $(Get-Path $Block)`n    $($ErrorRecord.Exception.Message -replace "`n", "`n    ")`n    $(@($frame)[0])")
}

# Every test of a block whose setup failed has failed.
function Add-FailureOfAll($Block, $ErrorRecord) {
    foreach ($item in $Block.Items) {
        if (-not $item.ContainsKey('Body')) { Add-FailureOfAll $item $ErrorRecord }
        elseif ($item.ContainsKey('Done')) { }
        elseif (Test-Excluded $item) { $script:results.Skipped++ }
        else { Add-Failure $item $ErrorRecord }
    }
}

function Invoke-Test($Test) {
    $Test.Done = $true
    if (Test-Excluded $Test) {
        $script:results.Skipped++
        return
    }
    $chain = @(for ($block = $Test.Parent; $null -ne $block; $block = $block.Parent) { $block })
    $failure = $null
    $null = & $script:newScope {
        Set-CaseVariable $Test.Case
        try {
            for ($i = $chain.Count - 1; $i -ge 0; $i--) { foreach ($setup in $chain[$i].BeforeEach) { . $setup } }
            $Test.Shown = Expand-Name $Test.Name
            . $Test.Body
        }
        catch {
            $failure = $_
        }
        foreach ($block in $chain) {
            foreach ($cleanup in $block.AfterEach) {
                try { . $cleanup } catch { if ($null -eq $failure) { $failure = $_ } }
            }
        }
    }
    if ($null -eq $failure) { $script:results.Passed++ }
    elseif ($failure.FullyQualifiedErrorId -eq 'PesterTestSkipped') { $script:results.Skipped++ }
    else { Add-Failure $Test $failure }
}

function Invoke-Block($Block) {
    if (-not (Test-Runs $Block)) {
        Add-FailureOfAll $Block $null
        return
    }
    $null = & $script:newScope {
        Set-CaseVariable $Block.Case
        $failure = $null
        try { foreach ($setup in $Block.BeforeAll) { . $setup } } catch { $failure = $_ }
        if ($Block.Parent) { $Block.Shown = Expand-Name $Block.Name }
        if ($null -ne $failure) {
            Add-FailureOfAll $Block $failure
        }
        else {
            foreach ($item in $Block.Items) {
                if ($item.ContainsKey('Body')) { Invoke-Test $item } else { Invoke-Block $item }
            }
        }
        foreach ($cleanup in $Block.AfterAll) {
            try { . $cleanup } catch { Add-Failure $Block $_ }
        }
    }
}

# Runs the test files; the counts, and a text for each failure.
function Invoke-PesterStandIn {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][string[]]$Path,
        [string[]]$ExcludeTag = @()
    )
    $saved = $script:current, $script:newScope, $script:callerState, $script:results, $script:excludedTags
    $script:callerState = $PSCmdlet.SessionState
    $script:newScope, $runFile = $script:callerState.InvokeCommand.InvokeScript($script:callerState, [scriptblock]::Create('{ param($__body) . $__body }; { param($__file) & $__file }'))
    $script:results = @{ Passed = 0; Failed = 0; Skipped = 0; Failures = [System.Collections.Generic.List[string]]::new() }
    $script:excludedTags = $ExcludeTag
    foreach ($file in $Path) {
        $folder = [System.IO.Directory]::CreateTempSubdirectory('ntk-pester-').FullName
        $root = $script:current = New-Block $file $null @() $false @{ HasData = $true; Item = @{ TestDrive = $folder } }
        try {
            $null = & $runFile $file
            Invoke-Block $root
        }
        catch {
            Add-Failure $root $_
        }
        finally {
            [System.IO.Directory]::Delete($folder, $true)
        }
    }
    $result = $script:results
    $script:current, $script:newScope, $script:callerState, $script:results, $script:excludedTags = $saved
    $result
}

Export-ModuleMember -Function Describe, Context, It, BeforeAll, AfterAll, BeforeEach, AfterEach, BeforeDiscovery, Set-ItResult, Should, Invoke-PesterStandIn
