<#
.SYNOPSIS
Brings the facts of docs/en-US's pages, syntax and parameters, in line with the built module; what people wrote stays.
.DESCRIPTION
A cmdlet without a page gets one whose gaps read {{ … }}, which the tests refuse; a parameter that another page describes is described alike.
It does what platyPS's Update-MarkdownHelp does, and runs in a PowerShell of core commands.
#>
#Requires -Version 7.4
[CmdletBinding()]
param(
    # Cmdlets' names; all without it.
    [string[]]$Name = '*'
)
$ErrorActionPreference = 'Stop'
$pages = [IO.Path]::GetFullPath("$PSScriptRoot/../docs/en-US")
Import-Module "$PSScriptRoot/../out/Ntk"
$common = [Management.Automation.Cmdlet]::CommonParameters
$optional = 'WhatIf', 'Confirm'
$gap = '{{ Fill in }}'
$fence = '```'

# A page's sections by heading, and under PARAMETERS the words of each parameter.
function Read-Page([string]$Path) {
    $page = @{ Sections = @{}; Parameters = @{} }
    if ([IO.File]::Exists($Path)) {
        $text = [IO.File]::ReadAllText($Path) -replace "`r"
        foreach ($part in [regex]::Matches($text, '(?ms)^## (?<title>[A-Z ]+)\n(?<body>.*?)(?=^## [A-Z]|\z)')) {
            $page.Sections[$part.Groups['title'].Value] = $part.Groups['body'].Value.Trim()
        }
        foreach ($part in [regex]::Matches([string]$page.Sections['PARAMETERS'], '(?ms)^### -(?<name>\w+)\n(?<words>.*?)(?=^```yaml|\z)')) {
            $words = $part.Groups['words'].Value.Trim()
            if ($words -ne $gap) { $page.Parameters[$part.Groups['name'].Value] = $words }
        }
    }
    $page
}

function Get-TypeName([type]$Type) { $Type.IsGenericType ? $Type.ToString() : $Type.Name }

function Get-Default($Command, $Metadata) {
    $property = $Command.ImplementingType.GetProperty($Metadata.Name)
    if ($null -eq $property) { return 'False' } # WhatIf, Confirm
    $value = try { $property.GetValue([Activator]::CreateInstance($Command.ImplementingType)) } catch { $null }
    if ($value -is [array]) { $value = $value.Count -gt 0 ? ($value -join ', ') : $null }
    $least = ($Metadata.Attributes | Where-Object { $_ -is [ValidateRange] }).MinRange
    # A zero that the parameter would refuse stands for its absence.
    if ($null -eq $value -or "$value" -eq '' -or ($null -ne $least -and $value -lt $least)) { 'None' } else { "$value" }
}

function Get-AcceptedValues($Metadata) {
    $set = $Metadata.Attributes | Where-Object { $_ -is [ValidateSet] }
    $type = [Nullable]::GetUnderlyingType($Metadata.ParameterType) ?? ($Metadata.ParameterType.IsArray ? $Metadata.ParameterType.GetElementType() : $Metadata.ParameterType)
    if ($set) { $set.ValidValues } elseif ($type.IsEnum) { [Enum]::GetNames($type) }
}

# The blocks of YAML of a parameter: one for each group of parameter sets in which it is the same.
function Format-Facts($Command, $Metadata) {
    $groups = [ordered]@{}
    foreach ($set in $Command.ParameterSets) {
        $here = $set.Parameters | Where-Object Name -EQ $Metadata.Name
        if (-not $here) { continue }
        $ways = @(if ($here.ValueFromPipelineByPropertyName) { 'ByPropertyName' }; if ($here.ValueFromPipeline) { 'ByValue' })
        $facts = @(
            "Required: $($here.IsMandatory)"
            "Position: $($here.Position -ge 0 ? $here.Position : 'Named')"
            "Default value: $($here.IsMandatory ? 'None' : (Get-Default $Command $Metadata))"
            "Accept pipeline input: $($ways ? "True ($($ways -join ', '))" : 'False')"
            "Accept wildcard characters: $([bool]($Metadata.Attributes | Where-Object { $_ -is [Management.Automation.SupportsWildcardsAttribute] }))"
        ) -join "`n"
        $groups[$facts] = @($groups[$facts]) + $set.Name
    }
    $values = @(Get-AcceptedValues $Metadata) -join ', '
    foreach ($facts in $groups.Keys) {
        $sets = @($groups[$facts] | Where-Object { $_ })
        $names = $sets.Count -eq $Command.ParameterSets.Count ? '(All)' : ($sets -join ', ')
        "${fence}yaml`nType: $(Get-TypeName $Metadata.ParameterType)`nParameter Sets: $names`nAliases:$($Metadata.Aliases ? " $($Metadata.Aliases -join ', ')" : '')"
        if ($values) { "Accepted values: $values" }
        "`n$facts`n$fence`n"
    }
}

function Format-Syntax($Command, $Set) {
    $own = @($Set.Parameters | Where-Object { $_.Name -notin $common -and $_.Name -notin $optional })
    $ordered = @(
        for ($position = 0; $position -lt $own.Count; $position++) { $own | Where-Object Position -EQ $position }
        $own | Where-Object { $_.Position -lt 0 -and $_.IsMandatory }
        $own | Where-Object { $_.Position -lt 0 -and -not $_.IsMandatory }
        $Set.Parameters | Where-Object Name -In $optional
    )
    $line, $lines = $Command.Name, @()
    foreach ($parameter in $ordered) {
        $text = $parameter.Position -ge 0 ? "[-$($parameter.Name)]" : "-$($parameter.Name)"
        if ($parameter.ParameterType -ne [switch]) { $text += " <$(Get-TypeName $parameter.ParameterType)>" }
        if (-not $parameter.IsMandatory) { $text = "[$text]" }
        if ($line.Length + $text.Length -gt 108) { $lines += $line; $line = '' }
        $line += " $text"
    }
    (@($lines) + "$line [<CommonParameters>]") -join "`n"
}

# What any page says of a parameter, for those that say nothing yet.
$known = @{}
foreach ($file in [IO.Directory]::GetFiles($pages, '*-*.md')) {
    $words = (Read-Page $file).Parameters
    foreach ($parameter in $words.Keys) { $known[$parameter] = $words[$parameter] }
}

foreach ($command in Get-Command -Module Ntk -Name $Name) {
    $path = "$pages/$($command.Name).md"
    $old = Read-Page $path
    $section = { param($title, $default) $old.Sections[$title] ?? $default }
    $sets = @($command.ParameterSets | Where-Object IsDefault) + @($command.ParameterSets | Where-Object IsDefault -EQ $false)
    $parameters = [string[]]@($command.Parameters.Keys | Where-Object { $_ -notin $common })
    [array]::Sort($parameters, [StringComparer]::Ordinal)
    $text = @(
        "---`nexternal help file: NtkPs.dll-Help.xml`nModule Name: Ntk`nonline version:`nschema: 2.0.0`n---`n`n# $($command.Name)"
        "## SYNOPSIS`n`n$(& $section 'SYNOPSIS' $gap)"
        "## SYNTAX"
        foreach ($set in $sets) {
            $heading = $sets.Count -gt 1 ? "### $($set.Name)$($set.IsDefault ? ' (Default)' : '')`n`n" : ''
            "$heading$fence`n$(Format-Syntax $command $set)`n$fence"
        }
        "## DESCRIPTION`n`n$(& $section 'DESCRIPTION' $gap)"
        "## EXAMPLES`n`n$(& $section 'EXAMPLES' "### Example 1: $gap`n`n${fence}powershell`n$($command.Name)`n$fence")"
        '## PARAMETERS'
        foreach ($parameter in $parameters) {
            $words = $old.Parameters[$parameter] ?? $known[$parameter] ?? $gap
            "### -$parameter`n`n$words`n`n$((@(Format-Facts $command $command.Parameters[$parameter]) -join "`n").TrimEnd())"
        }
        @'
### CommonParameters

This cmdlet supports the common parameters: -Debug, -ErrorAction, -ErrorVariable, -InformationAction, -InformationVariable, -OutVariable, -OutBuffer, -PipelineVariable, -Verbose, -WarningAction, and -WarningVariable.
For more information, see [about_CommonParameters](http://go.microsoft.com/fwlink/?LinkID=113216).
'@
        "## INPUTS`n`n$(& $section 'INPUTS' "### $gap`n`n$gap")"
        "## OUTPUTS`n`n$(& $section 'OUTPUTS' ((@($command.OutputType | ForEach-Object { "### $($_.Name)`n`n$gap" })) -join "`n`n"))"
        "## NOTES`n`n$(& $section 'NOTES' $gap)"
        "## RELATED LINKS`n`n$(& $section 'RELATED LINKS' '[about_Ntk](about_Ntk.md)')"
    ) -join "`n`n"
    $text = $text + "`n"
    if (-not [IO.File]::Exists($path) -or [IO.File]::ReadAllText($path) -ne $text) {
        [IO.File]::WriteAllText($path, $text)
        $path
    }
}
