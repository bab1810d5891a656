# Pester's Should, as far as the tests use it.

function Format-Value($Value) {
    if ($null -eq $Value) { '$null' }
    elseif ($Value -is [string]) { "'$Value'" }
    elseif ($Value -is [array]) { "@($(@($Value | ForEach-Object { Format-Value $_ }) -join ', '))" }
    elseif ($Value -is [scriptblock]) { "{$Value}" }
    elseif ($Value -is [type]) { "[$Value]" }
    elseif ($Value -is [bool]) { "`$$Value".ToLowerInvariant() }
    else { "$Value" }
}

# Arrays element by element, anything else by PowerShell's own comparison.
function Test-Equal($Actual, $Expected, [bool]$Exactly) {
    if ($Actual -is [array] -or $Expected -is [array]) {
        $a = @($Actual)
        $e = @($Expected)
        if ($a.Count -ne $e.Count) {
            return $false
        }
        for ($i = 0; $i -lt $a.Count; $i++) {
            if (-not (Test-Equal $a[$i] $e[$i] $Exactly)) {
                return $false
            }
        }
        return $true
    }
    if ($null -eq $Actual -or $null -eq $Expected) {
        return $null -eq $Actual -and $null -eq $Expected
    }
    if ($Exactly) { [bool]($Expected -ceq $Actual) } else { [bool]($Expected -eq $Actual) }
}

function Test-NullOrEmpty($Actual) {
    $null -eq $Actual -or ($Actual -is [string] -and $Actual.Length -eq 0) -or ($Actual -is [System.Collections.ICollection] -and $Actual.Count -eq 0)
}

# An operator: whether it wants a piped collection whole, and whether it holds.
$script:operators = @{
    Be                   = @{ Whole = $true; Test = { param($a, $e) Test-Equal $a $e $false } }
    BeExactly            = @{ Whole = $true; Test = { param($a, $e) Test-Equal $a $e $true } }
    BeGreaterThan        = @{ Test = { param($a, $e) $a -gt $e } }
    BeGreaterOrEqual     = @{ Test = { param($a, $e) $a -ge $e } }
    BeLessThan           = @{ Test = { param($a, $e) $a -lt $e } }
    BeLessOrEqual        = @{ Test = { param($a, $e) $a -le $e } }
    BeLike               = @{ Test = { param($a, $e) $a -like $e } }
    BeLikeExactly        = @{ Test = { param($a, $e) $a -clike $e } }
    Match                = @{ Test = { param($a, $e) $a -match $e } }
    MatchExactly         = @{ Test = { param($a, $e) $a -cmatch $e } }
    BeIn                 = @{ Test = { param($a, $e) $a -in $e } }
    BeTrue               = @{ Unary = $true; Test = { param($a) [bool]$a } }
    BeFalse              = @{ Unary = $true; Test = { param($a) -not $a } }
    BeNullOrEmpty        = @{ Unary = $true; Whole = $true; Test = { param($a) Test-NullOrEmpty $a } }
    BeOfType             = @{ Test = { param($a, $e) $a -is ($e -is [type] ? $e : ([string]$e).Trim('[', ']')) } }
    HaveCount            = @{ Whole = $true; Test = { param($a, $e) ($null -eq $a ? 0 : @($a).Count) -eq $e } }
    Contain              = @{ Whole = $true; Test = { param($a, $e) @($a) -contains $e } }
    Exist                = @{ Unary = $true; Test = { param($a) [System.IO.File]::Exists($a) -or [System.IO.Directory]::Exists($a) } }
    Throw                = @{ Whole = $true }
}

function New-AssertionError([string]$Message, [string]$Because) {
    $text = $Message + ($Because ? ", because $($Because -replace '^because\s+', '')." : '.')
    [System.Management.Automation.ErrorRecord]::new([System.Exception]::new($text), 'PesterAssertionFailed', 'InvalidResult', $null)
}

# What is wrong with an error, by what was expected of it; nothing where it is right.
function Get-ThrowMismatch($ErrorRecord, [string]$ExpectedMessage, [string]$ErrorId, [type]$ExceptionType) {
    if ($ExpectedMessage -and $ErrorRecord.Exception.Message -notlike $ExpectedMessage) { "the message was '$($ErrorRecord.Exception.Message)', not like '$ExpectedMessage'" }
    if ($ErrorId -and $ErrorRecord.FullyQualifiedErrorId -notlike $ErrorId) { "the FullyQualifiedErrorId was '$($ErrorRecord.FullyQualifiedErrorId)', not '$ErrorId'" }
    if ($ExceptionType -and $ErrorRecord.Exception -isnot $ExceptionType) { "the exception was a [$($ErrorRecord.Exception.GetType())], not a [$ExceptionType]" }
}

function Assert-Throw($Actual, [bool]$Not, [string]$ExpectedMessage, [string]$ErrorId, [type]$ExceptionType, [string]$Because, [bool]$PassThru) {
    if ($Actual -isnot [scriptblock]) {
        throw (New-AssertionError "Should -Throw takes a script block, and got $(Format-Value $Actual)" '')
    }
    $thrown = $null
    try { $null = & $Actual } catch { $thrown = $_ }
    if ($Not) {
        if ($null -ne $thrown) { throw (New-AssertionError "Expected no exception to be thrown, but '$($thrown.Exception.Message)' was ($($thrown.FullyQualifiedErrorId))" $Because) }
        return
    }
    if ($null -eq $thrown) {
        throw (New-AssertionError 'Expected an exception to be thrown, but none was' $Because)
    }
    $wrong = @(Get-ThrowMismatch $thrown $ExpectedMessage $ErrorId $ExceptionType)
    if ($wrong.Count -gt 0) {
        throw (New-AssertionError "Expected an exception to be thrown, and it was, but $($wrong -join ' and ')" $Because)
    }
    if ($PassThru) {
        $thrown
    }
}

function Should {
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [Parameter(ValueFromPipeline)][AllowNull()][AllowEmptyCollection()]$ActualValue,
        [Parameter(Position = 0)][Alias('ExpectedType', 'RegularExpression')][AllowNull()][AllowEmptyString()][AllowEmptyCollection()]$ExpectedValue,
        [string]$ExpectedMessage, [string]$ErrorId, [type]$ExceptionType, [switch]$PassThru,
        [switch]$Not, [string]$Because,
        [switch]$Be, [switch]$BeExactly, [switch]$BeGreaterThan, [switch]$BeGreaterOrEqual, [switch]$BeLessThan, [switch]$BeLessOrEqual,
        [switch]$BeLike, [switch]$BeLikeExactly, [switch]$Match, [switch]$MatchExactly, [switch]$BeIn, [switch]$BeTrue, [switch]$BeFalse,
        [switch]$BeNullOrEmpty, [switch]$BeOfType, [switch]$HaveCount, [switch]$Contain, [switch]$Exist, [switch]$Throw
    )
    begin {
        $piped = [System.Collections.Generic.List[object]]::new()
        $direct = $PSBoundParameters.ContainsKey('ActualValue')
    }
    process {
        if (-not $direct -and $PSBoundParameters.ContainsKey('ActualValue')) { $piped.Add($ActualValue) }
    }
    end {
        $names = @($PSBoundParameters.Keys | Where-Object { $script:operators.ContainsKey($_) })
        if ($names.Count -ne 1) {
            throw (New-AssertionError "Should takes one operator, and got $($names.Count)" '')
        }
        $name = $names[0]
        $operator = $script:operators[$name]
        $whole = if ($direct) { , $ActualValue } elseif ($piped.Count -eq 1) { , $piped[0] } elseif ($piped.Count -eq 0) { , $null } else { , $piped.ToArray() }
        if ($name -eq 'Throw') {
            return Assert-Throw $whole $Not ($ExpectedMessage ? $ExpectedMessage : [string]$ExpectedValue) $ErrorId $ExceptionType $Because $PassThru
        }
        $tested = if ($operator['Whole'] -or $direct -or $piped.Count -lt 2) { , @(, $whole) } else { , $whole }
        foreach ($actual in $tested) {
            if ([bool](& $operator.Test $actual $ExpectedValue) -eq $Not) {
                $what = $name -creplace '([a-z])([A-Z])', '$1 $2'
                $expected = $operator['Unary'] ? '' : " $(Format-Value $ExpectedValue)"
                throw (New-AssertionError "Expected $(Format-Value $actual) $($Not ? 'not ' : '')to $($what.ToLowerInvariant())$expected" $Because)
            }
        }
    }
}
