Describe 'Get-NtkParameter' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $model = Import-NtkModel "$fixtures/keras2/small_fcn/saved_model"
        $withStatistics = Import-NtkModel "$fixtures/keras2/mini_resnet/model.keras"
    }

    It 'lists all, in the file''s order' {
        $parameters = $model | Get-NtkParameter
        $parameters | Should -HaveCount 6
        $parameters[0].Name | Should -Be 'dense/kernel'
        $parameters[0].Shape | Should -Be 48, 64
        $parameters[0].Count | Should -Be 3072
        $parameters[0].DType | Should -Be 'Float32'
        $parameters[0].Trainable | Should -BeTrue
    }

    It 'gives values' {
        $parameter = Get-NtkParameter $model dense/kernel
        $parameter.Value.Shape | Should -Be 48, 64
        $parameter.Value.Count | Should -Be 3072
    }

    It 'chooses by name, <name>' -ForEach @(
        @{ name = 'dense/kernel'; count = 1 }, @{ name = 'dense/kernel:0'; count = 1 }, @{ name = '*/bias'; count = 3 }, @{ name = 'DENSE_*'; count = 4 }
    ) {
        $model | Get-NtkParameter -Name $name | Should -HaveCount $count
    }

    It 'chooses by trainability' {
        $all = @($withStatistics | Get-NtkParameter)
        $trainable = @($withStatistics | Get-NtkParameter -Trainable)
        $other = @($withStatistics | Get-NtkParameter -NonTrainable)
        $other.Count | Should -BeGreaterThan 0
        $trainable.Count + $other.Count | Should -Be $all.Count
        $other.Trainable | Should -Not -Contain $true
    }

    It 'reports a name that the model lacks and goes on' {
        $found = Get-NtkParameter $model no_such, dense/bias -ErrorVariable failed -ErrorAction SilentlyContinue
        $found | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ParameterNotFound,NtkPs.GetNtkParameterCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].TargetObject | Should -Be 'no_such'
    }
}
