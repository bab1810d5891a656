BeforeDiscovery {
    $commands = 'ConvertFrom-NtkTensor', 'Export-NtkPlot', 'Export-NtkTensor', 'Get-NtkParameter', 'Import-NtkImage', 'Import-NtkModel', 'Import-NtkTensor', 'Invoke-EmpiricalNtk', 'Invoke-NtkModel', 'Invoke-NtkRegression'
}

Describe 'Module' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $module = Get-Module Ntk
    }

    It 'has a manifest without errors' {
        $manifest = Test-ModuleManifest "$PSScriptRoot/../../out/Ntk/Ntk.psd1"
        $manifest.Version | Should -Be $module.Version
        $manifest.PowerShellVersion | Should -Be '7.4'
        $manifest.Description | Should -Not -BeNullOrEmpty
        $manifest.PrivateData.PSData.LicenseUri | Should -Match '^https://'
        $manifest.PrivateData.PSData.ReleaseNotes | Should -Not -BeNullOrEmpty
        $manifest.PrivateData.PSData.Tags | Should -Contain 'PSEdition_Core'
        $manifest.PrivateData.PSData.Tags | Where-Object { $_ -match '\s' } | Should -BeNullOrEmpty
    }

    It 'takes its assemblies'' version from its manifest' {
        $version = [System.Reflection.AssemblyName]::GetAssemblyName("$($module.ModuleBase)/NtkPs.dll").Version
        $version.ToString(3) | Should -Be $module.Version
    }

    It 'exports what its manifest lists, and nothing else' {
        $listed = (Test-ModuleManifest "$PSScriptRoot/../../out/Ntk/Ntk.psd1").ExportedCmdlets.Keys
        $built = $module.ExportedCommands.Keys
        [string]::Join(',', [System.Linq.Enumerable]::Order([string[]]@($built))) | Should -Be ([string]::Join(',', [System.Linq.Enumerable]::Order([string[]]@($listed))))
        $module.ExportedFunctions.Count + $module.ExportedAliases.Count + $module.ExportedVariables.Count | Should -Be 0
    }

    It 'exports <_>' -ForEach $commands {
        $command = Get-Command $_ -Module Ntk
        $command.CommandType | Should -Be 'Cmdlet'
        $command.Noun | Should -Match '^(Ntk\w+|EmpiricalNtk)$'
    }

    It 'ships no assembly of PowerShell''s' {
        $names = [System.IO.Directory]::GetFiles($module.ModuleBase, '*.dll', 'AllDirectories') | ForEach-Object { [System.IO.Path]::GetFileName($_) }
        $names | Should -Contain 'NtkPs.dll'
        $names | Should -Not -Contain 'System.Management.Automation.dll'
        $names | Where-Object { $_ -like 'PowerShellStandard*' } | Should -BeNullOrEmpty
    }

    It 'can be imported again' {
        Import-Module Ntk -Force
        (Import-NtkModel "$fixtures/keras2/small_fcn/model.keras").ParameterCount | Should -Be 7946
    }

    It 'names its types in short' {
        [NtkTensor].FullName | Should -Be 'Ntk.NtkTensor'
        [NtkModel].FullName | Should -Be 'Ntk.NtkModel'
    }
}
