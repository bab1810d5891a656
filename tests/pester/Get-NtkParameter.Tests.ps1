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

    It 'indexes the model''s own lists' {
        $model.Parameters[0].Name | Should -Be 'dense/kernel'
        $model.Parameters[-1].Name | Should -Be 'dense_2/bias'
        $model.Inputs[0].Name | Should -Be 'input_1'
        $model.Outputs[0].Name | Should -Be 'dense_2'
        $value = $model.Parameters[0].Value
        $value.GetType().Name | Should -Be 'NtkTensor'
        foreach ($format in 'model.keras', 'model.h5', 'saved_model') {
            $same = Import-NtkModel "$fixtures/keras2/small_fcn/$format"
            $same.Parameters[1].Name | Should -Be 'dense/bias'
            $same.Inputs[0].Shape[1] | Should -Be 4
        }
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

    It 'takes names by position after a model that is piped, given or named' {
        $model | Get-NtkParameter */bias | Should -HaveCount 3
        $model | Get-NtkParameter */bias, dense/kernel | Should -HaveCount 4
        Get-NtkParameter $model */bias | Should -HaveCount 3
        Get-NtkParameter -Model $model */bias | Should -HaveCount 3
        { $model | Get-NtkParameter */bias */kernel } | Should -Throw '*argument too many*' -ErrorId 'InvalidArgument,NtkPs.GetNtkParameterCommand'
        { Get-NtkParameter */bias } | Should -Throw '*needs a model*' -ErrorId 'InvalidArgument,NtkPs.GetNtkParameterCommand'
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
