BeforeDiscovery {
    $manifest = Test-ModuleManifest "$PSScriptRoot/../../out/Ntk/Ntk.psd1"
    $commands = @($manifest.ExportedCmdlets.Keys)
}

Describe 'Pages' {
    It 'are of a cmdlet each' -ForEach @{ Commands = $commands } {
        $pages = [System.IO.Directory]::GetFiles("$PSScriptRoot/../../docs/en-US", '*-*.md') | ForEach-Object { [System.IO.Path]::GetFileNameWithoutExtension($_) }
        [System.Linq.Enumerable]::Order([string[]]$pages) -join ' ' | Should -Be ([System.Linq.Enumerable]::Order([string[]]$Commands) -join ' ')
    }
}

Describe 'Help of <_>' -ForEach $commands {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $command = Get-Command $_ -Module Ntk
        $help = Get-Help $_ -Full
        $common = [System.Management.Automation.Cmdlet]::CommonParameters
        $own = @($command.Parameters.Values | Where-Object Name -NotIn $common)
        $described = @($help.parameters.parameter)

        # A fact that may differ between parameter sets, as the help shows it: once where it does not differ.
        function Join-Fact([scriptblock]$Fact, [string]$Parameter) {
            $sets = @($command.ParameterSets | Where-Object IsDefault) + @($command.ParameterSets | Where-Object IsDefault -EQ $false)
            $values = @(foreach ($set in $sets) { $set.Parameters | Where-Object Name -EQ $Parameter | ForEach-Object { "$(& $Fact $_)" } })
            [System.Linq.Enumerable]::Distinct([string[]]$values)
        }

        # The parameters of which the help says something else than the command, each with both.
        function Get-Difference([scriptblock]$Said, [scriptblock]$Is) {
            foreach ($parameter in $own) {
                $entry = $described | Where-Object Name -EQ $parameter.Name
                $a, $b = "$(& $Said $entry)", (@(& $Is $parameter) -join ' | ')
                if ($a -ne $b) { "-$($parameter.Name): '$a' instead of '$b'" }
            }
        }
    }

    It 'comes from a page without gaps' {
        $page = [System.IO.File]::ReadAllText("$PSScriptRoot/../../docs/en-US/$($command.Name).md")
        $page | Should -Not -Match '\{\{'
        $help.Synopsis | Should -Not -Match '^\s*$|^\s*\w+-\w+ \['
        @($help.description).Count | Should -BeGreaterThan 0
        @($help.inputTypes.inputType).Count | Should -BeGreaterThan 0
        @($help.returnValues.returnValue).Count | Should -BeGreaterThan 0
        @($help.relatedLinks.navigationLink).Count | Should -BeGreaterThan 0
        "$($help.alertSet.alert.Text)" | Should -Not -BeNullOrEmpty
    }

    It 'has at least three examples, each with code' {
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 3
        foreach ($example in $examples) { $example.code | Should -Match $command.Name }
    }

    It 'describes each parameter, and no other' {
        $names = [System.Linq.Enumerable]::Order([string[]]@($own.Name))
        [System.Linq.Enumerable]::Order([string[]]@($described.Name)) -join ' ' | Should -Be ($names -join ' ')
        foreach ($entry in $described) { "$($entry.description.Text)".Length | Should -BeGreaterThan 10 }
    }

    It 'says each parameter''s type' {
        Get-Difference { $args[0].type.name } {
            ([Nullable]::GetUnderlyingType($args[0].ParameterType) ?? $args[0].ParameterType).Name
        } | Should -BeNullOrEmpty
    }

    It 'says each parameter''s aliases, wildcards and values' {
        Get-Difference { $args[0].aliases } { $args[0].Aliases ? ($args[0].Aliases -join ', ') : 'none' } | Should -BeNullOrEmpty
        Get-Difference { $args[0].globbing } { [string][bool]($args[0].Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }) } | Should -BeNullOrEmpty
    }

    It 'says each parameter''s position, whether it is required, and what it takes from the pipeline' {
        $facts = @(
            { param($p) $p.position -replace ' \([^)]*\)' -replace ', ', ' | ' -replace 'named', 'Named' }, { param($p) Join-Fact { param($p) $p.Position -lt 0 ? 'Named' : $p.Position } $p.Name }
            { param($p) $p.required -replace ' \([^)]*\)' -replace ', ', ' | ' }, { param($p) Join-Fact { param($p) $p.IsMandatory } $p.Name }
            { param($p) $p.pipelineInput -replace 'True \((.*?)\)', '$1' }, {
                param($p) Join-Fact { param($p) (@(if ($p.ValueFromPipelineByPropertyName) { 'ByPropertyName' }; if ($p.ValueFromPipeline) { 'ByValue' }) -join ', ') ? (@(if ($p.ValueFromPipelineByPropertyName) { 'ByPropertyName' }; if ($p.ValueFromPipeline) { 'ByValue' }) -join ', ') : 'False' } $p.Name
            }
        )
        for ($i = 0; $i -lt $facts.Count; $i += 2) { Get-Difference $facts[$i] $facts[$i + 1] | Should -BeNullOrEmpty }
    }

    It 'says each parameter''s default' {
        $new = [Activator]::CreateInstance($command.ImplementingType)
        Get-Difference { $args[0].defaultValue } {
            $property = $command.ImplementingType.GetProperty($args[0].Name)
            $required = $args[0].ParameterSets.Values.IsMandatory -contains $true
            $value = if ($property) { try { $property.GetValue($new) } catch { $null } } else { $false }
            $text = $value -is [array] ? ($value -join ', ') : "$value"
            # A zero that the parameter itself would refuse stands for its absence.
            $least = ($args[0].Attributes | Where-Object { $_ -is [ValidateRange] }).MinRange
            if ($required -or $text -eq '' -or ($null -ne $least -and $value -lt $least)) { 'None' } else { $text }
        } | Should -BeNullOrEmpty
    }

    It 'has the command''s parameter sets' {
        $sets = foreach ($set in $command.ParameterSets) { [System.Linq.Enumerable]::Order([string[]]@($set.Parameters.Name | Where-Object { $_ -notin $common })) -join ' ' }
        $shown = foreach ($item in @($help.syntax.syntaxItem)) { [System.Linq.Enumerable]::Order([string[]]@($item.parameter.name)) -join ' ' }
        [System.Linq.Enumerable]::Order([string[]]@($shown)) -join '; ' | Should -Be ([System.Linq.Enumerable]::Order([string[]]@($sets)) -join '; ')
    }

    It 'answers for one parameter' {
        (Get-Help $command.Name -Parameter $own[0].Name).name | Should -Be $own[0].Name
    }
}

Describe 'Topics' {
    BeforeAll { . "$PSScriptRoot/support/Setup.ps1" }

    It 'has <_>' -ForEach 'about_Ntk', 'about_Ntk_Tensors', 'about_Ntk_Kernels' {
        $text = "$(Get-Help $_)"
        $text | Should -Match "TOPIC\s+$_\s"
        ($text -split "`n" | ForEach-Object Length | Where-Object { $_ -gt 82 }) | Should -BeNullOrEmpty
    }

    It 'names every cmdlet in about_Ntk' {
        $text = "$(Get-Help about_Ntk)"
        foreach ($name in (Get-Module Ntk).ExportedCmdlets.Keys) { $text | Should -Match $name }
    }
}
