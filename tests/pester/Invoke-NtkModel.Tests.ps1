Describe 'Invoke-NtkModel' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/small_fcn"
        $model = Import-NtkModel "$case/saved_model"
        $x1 = Import-NtkTensor "$case/data.npz" -Name x1
        $y1 = Import-NtkTensor "$case/data.npz" -Name y1
    }

    It 'computes what TensorFlow did' {
        $y = Invoke-NtkModel $model $x1
        $y.Shape | Should -Be 5, 10
        $y.DType | Should -Be 'Float32'
        $y.Name | Should -Be $model.Outputs[0].Name
        Get-Difference $y $y1 | Should -BeLessThan 1e-5
    }

    It 'computes in float64' {
        $y = Invoke-NtkModel $model $x1 -Precision Double
        $y.DType | Should -Be 'Float64'
        Get-Difference $y $y1 | Should -BeLessThan 1e-6
    }

    It 'takes x as <kind>' -ForEach @(
        @{ kind = 'a path'; make = { "$case/data.npz/x1" } }
        @{ kind = 'rows'; make = { @($x1 | ForEach-Object { $_ }) } }
        @{ kind = 'a .NET array'; make = { , $x1.ToArray() } }
        @{ kind = 'a dictionary'; make = { @{ input_1 = $x1 } } }
    ) {
        Get-Difference (Invoke-NtkModel $model (& $make)) $y1 | Should -BeLessThan 1e-5
    }

    It 'emits rows into a pipeline, and the tensor with -NoEnumerate' {
        Invoke-NtkModel $model $x1 | ForEach-Object { $_ } | Should -HaveCount 5
        Invoke-NtkModel $model $x1 -NoEnumerate | ForEach-Object { $_.Rank } | Should -Be 2
    }

    It 'takes several inputs by name, and in order from Keras files' {
        $two = "$fixtures/keras2/two_inputs"
        $data = "$two/data.npz"
        $expected = Import-NtkTensor $data -Name y1
        Get-Difference (Invoke-NtkModel (Import-NtkModel "$two/saved_model") @{ left = "$data/x1_left"; right = "$data/x1_right" }) $expected | Should -BeLessThan 1e-5
        Get-Difference (Invoke-NtkModel (Import-NtkModel "$two/model.keras") "$data/x1_left", "$data/x1_right") $expected | Should -BeLessThan 1e-5
    }

    It 'gives each output by name, and those asked for' {
        $two = "$fixtures/keras2/two_outputs"
        $model = Import-NtkModel "$two/saved_model"
        (Invoke-NtkModel $model "$two/data.npz/x1").Name | Should -Be 'policy', 'value'
        (Invoke-NtkModel $model "$two/data.npz/x1" -Output value).Shape | Should -Be 3, 1
    }

    It 'takes other parameters' {
        $bias = $model | Get-NtkParameter -Name dense_2/bias
        $shifted = Invoke-NtkModel $model $x1 -Parameter @{ 'dense_2/bias:0' = $bias.Value.Add(1.0) }
        $y = Invoke-NtkModel $model $x1
        $shifted[0, 0] - $y[0, 0] | Should -BeGreaterThan 0.999
        $shifted[0, 0] - $y[0, 0] | Should -BeLessThan 1.001
    }

    It 'warns of NaN in the input' {
        $x = $x1.ToArray()
        $x[0, 0, 0, 0] = [float]::NaN
        $null = Invoke-NtkModel $model $x -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -BeLike '*NaN*1 of 5*'
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'a wrong shape'; x = { , [float[,]]::new(2, 3) }; id = 'ShapeMismatch' }
        @{ what = 'a path that is not there'; x = { "$TestDrive/none.npy" }; id = 'PathNotFound' }
        @{ what = 'an unknown input name'; x = { @{ other = $x1 } }; id = 'InputMismatch' }
        @{ what = 'text'; x = { "$TestDrive/none.txt" }; id = 'FormatNotRecognized' }
    ) {
        { Invoke-NtkModel $model (& $x) } | Should -Throw -ErrorId "$id,NtkPs.InvokeNtkModelCommand"
    }

    It 'refuses an unknown output and an unknown parameter' {
        { Invoke-NtkModel $model $x1 -Output none } | Should -Throw -ErrorId 'OutputNotFound,NtkPs.InvokeNtkModelCommand'
        { Invoke-NtkModel $model $x1 -Parameter @{ none = $x1 } } | Should -Throw -ErrorId 'ParameterNotFound,NtkPs.InvokeNtkModelCommand'
    }
}
