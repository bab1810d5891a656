Describe 'Import-NtkModel' {
    BeforeAll {
        Import-Module Ntk
        $root = [System.IO.Path]::GetFullPath("$PSScriptRoot/../fixtures/keras2")
    }

    It 'reads the formats by path, wildcard and pipeline' {
        @(Import-NtkModel "$root/small_fcn/model.*").Format | Should -Be @('KerasH5', 'Keras')
        @("$root/small_fcn/saved_model", "$root/small_fcn/model.keras" | Import-NtkModel).Format | Should -Be @('SavedModel', 'Keras')
        @([pscustomobject]@{ PSPath = "$root/small_fcn/model.h5" } | Import-NtkModel).Format | Should -Be 'KerasH5'
    }

    It 'goes on after a bad item of a list' {
        $models = @(Import-NtkModel 'none.keras', "$root/small_fcn/model.keras", 'none.h5' -ErrorVariable problems -ErrorAction SilentlyContinue)
        $models.Count | Should -Be 1
        @($problems.FullyQualifiedErrorId) | Should -Be @('PathNotFound,NtkPs.ImportNtkModelCommand', 'PathNotFound,NtkPs.ImportNtkModelCommand')
    }

    It 'ends with an error that names the only path' {
        { Import-NtkModel 'none.keras' } | Should -Throw '*none.keras*' -ErrorId 'PathNotFound,NtkPs.ImportNtkModelCommand'
    }
}

Describe 'Get-NtkParameter' {
    BeforeAll {
        Import-Module Ntk
        $model = Import-NtkModel ([System.IO.Path]::GetFullPath("$PSScriptRoot/../fixtures/keras2/small_fcn/model.keras"))
        $all = @(Get-NtkParameter $model)
    }

    It 'lists variables by name, with wildcards, with or without :0' {
        $all.Count | Should -Be $model.Parameters.Count
        @($model | Get-NtkParameter -Name '*kernel').Count | Should -Be @($all | Where-Object Name -Like '*kernel').Count
        @(Get-NtkParameter $model "$($all[0].Name):0").Name | Should -Be $all[0].Name
        $all[0].Value.Shape | Should -Be $all[0].Shape
    }

    It 'tells trainable ones from others' {
        @(Get-NtkParameter $model -Trainable).Count | Should -Be $all.Count
        @(Get-NtkParameter $model -NonTrainable).Count | Should -Be 0
    }

    It 'says which name is unknown' {
        { Get-NtkParameter $model nope -ErrorAction Stop } | Should -Throw "*'nope'*" -ErrorId 'ParameterNotFound,NtkPs.GetNtkParameterCommand'
        @(Get-NtkParameter $model 'nope*').Count | Should -Be 0
    }
}

Describe 'Invoke-NtkModel' {
    BeforeAll {
        Import-Module Ntk
        $root = [System.IO.Path]::GetFullPath("$PSScriptRoot/../fixtures/keras2")
        $model = Import-NtkModel "$root/small_fcn/model.keras"
        $y = Invoke-NtkModel $model "$root/small_fcn/data.npz/x1"
    }

    It 'gives what TensorFlow gives' {
        $expected = Import-NtkTensor "$root/small_fcn/data.npz/y1"
        $y.Shape | Should -Be $expected.Shape
        [Math]::Abs($y[0, 0] - $expected[0, 0]) | Should -BeLessThan 1e-5
    }

    It 'emits rows within a pipeline' {
        @($model | Invoke-NtkModel -X "$root/small_fcn/data.npz/x1" | ForEach-Object { $_.'0' }).Count | Should -Be $y.Shape[0]
    }

    It 'takes other parameters' {
        $bias = Get-NtkParameter $model | Where-Object { $_.Shape.Count -eq 1 }
        $last = @($bias)[-1]
        $shifted = Invoke-NtkModel $model "$root/small_fcn/data.npz/x1" -Parameter @{ $last.Name = $last.Value.Add(1) }
        [Math]::Abs($shifted[0, 0] - $y[0, 0] - 1) | Should -BeLessThan 1e-5
    }
}
