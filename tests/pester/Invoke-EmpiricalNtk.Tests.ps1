Describe 'Invoke-EmpiricalNtk' {
    BeforeAll {
        Import-Module Ntk
        $root = [System.IO.Path]::GetFullPath("$PSScriptRoot/../fixtures/keras2")
        $data = "$root/small_fcn/data.npz"
        $model = Import-NtkModel "$root/small_fcn/saved_model"
        $x1 = Import-NtkTensor "$data/x1"
        $x2 = Import-NtkTensor "$data/x2"
        $kernel = Invoke-EmpiricalNtk $model $x1 $x2
        function Test-Near($Actual, $Expected) {
            [double[]]$a = $Actual.ToFlatArray(); [double[]]$b = $Expected.ToFlatArray()
            $error_ = 0.0; $scale = 0.0
            for ($i = 0; $i -lt $b.Length; $i++) { $error_ = [Math]::Max($error_, [Math]::Abs($a[$i] - $b[$i])); $scale = [Math]::Max($scale, [Math]::Abs($b[$i])) }
            $a.Length -eq $b.Length -and $error_ -le 1e-4 * $scale
        }
    }

    It 'gives the kernel that neural_tangents gives' {
        Test-Near $kernel (Import-NtkTensor "$data/k0_all" -NoEnumerate) | Should -BeTrue
        $kernel.Name | Should -Be $model.Outputs[0].Name
    }

    It 'takes the model and its inputs by position, by name and through the pipeline' {
        $same = @(
            $model | Invoke-EmpiricalNtk $x1 $x2 -NoEnumerate
            $model | Invoke-EmpiricalNtk $x1 -X2 $x2 -NoEnumerate
            $model | Invoke-EmpiricalNtk -X2 $x2 $x1 -NoEnumerate
            $model | Invoke-EmpiricalNtk -X1 $x1 -X2 $x2 -NoEnumerate
            $model | Invoke-EmpiricalNtk "$data/x1" "$data/x2" -NoEnumerate
            Invoke-EmpiricalNtk $model -X1 $x1 -X2 $x2 -NoEnumerate
            Invoke-EmpiricalNtk $model $x1 -X2 $x2 -NoEnumerate
            Invoke-EmpiricalNtk -X1 $x1 $model $x2 -NoEnumerate
            Invoke-EmpiricalNtk -Model $model $x1 $x2 -NoEnumerate
            Invoke-EmpiricalNtk -X2 $x2 -Model $model $x1 -NoEnumerate
            Invoke-EmpiricalNtk -Model $model -X1 $x1 -X2 $x2 -NoEnumerate
        )
        $same.Count | Should -Be 11
        foreach ($one in $same) { Test-Near $one $kernel | Should -BeTrue }
        @($model, $model | Invoke-EmpiricalNtk $x1 $x2 -NoEnumerate).Count | Should -Be 2
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'no model'; call = { Invoke-EmpiricalNtk $x1 $x2 }; words = '*needs a model*' }
        @{ what = 'a model that is $null'; call = { Invoke-EmpiricalNtk $null $x1 }; words = '*needs a model*' }
        @{ what = 'a model where the input belongs'; call = { $model | Invoke-EmpiricalNtk $x1 $model }; words = '*-X2 is a NtkModel*' }
        @{ what = 'an input that is $null'; call = { $model | Invoke-EmpiricalNtk $null }; words = '*-X1 is $null*' }
        @{ what = 'an argument too many'; call = { $model | Invoke-EmpiricalNtk $x1 $x2 $x2 }; words = '*argument too many*-X2*' }
    ) {
        $call | Should -Throw $words -ErrorId 'InvalidArgument,NtkPs.InvokeEmpiricalNtkCommand'
    }

    It 'takes rows, a path, arrays and wider numbers for a tensor' {
        $same = @(
            Invoke-EmpiricalNtk $model @($x1) @($x2) -NoEnumerate
            Invoke-EmpiricalNtk $model "$data/x1" "$data/x2" -NoEnumerate
            Invoke-EmpiricalNtk $model $x1.ToArray() $x2.ToArray() -NoEnumerate
            Invoke-EmpiricalNtk $model $x1.AsType('Float64') $x2 -NoEnumerate
        )
        $same.Count | Should -Be 4
        foreach ($one in $same) { Test-Near $one $kernel | Should -BeTrue }
        (Invoke-EmpiricalNtk $model $x1[0] $x2 -NoEnumerate).Shape | Should -Be @(1, $x2.Shape[0])
    }

    It 'goes down a pipeline as rows' {
        @(Invoke-EmpiricalNtk $model $x1 $x2 | ForEach-Object { $_.'0' }).Count | Should -Be $x1.Shape[0]
    }

    It 'takes axes under both names, none as @() or $null' {
        $n, $c = $x1.Shape[0], $model.Outputs[0].Shape[-1]
        (Invoke-EmpiricalNtk $model $x1 -TraceAxes @() -NoEnumerate).Shape | Should -Be @($n, $n, $c, $c)
        (Invoke-EmpiricalNtk $model $x1 -TraceAxis $null -DiagonalAxes -1 -NoEnumerate).Shape | Should -Be @($n, $n, $c)
        (Invoke-EmpiricalNtk $model $x1 -VmapAxes 0, 0 -NoEnumerate).Shape | Should -Be @($n, $n)
    }

    It 'refuses what is no axis: <Axis>' -ForEach @(@{ Axis = '' }, @{ Axis = 1.5 }, @{ Axis = 'x' }, @{ Axis = $true }) {
        { Invoke-EmpiricalNtk $model $x1 -TraceAxis $Axis } | Should -Throw '*whole number*' -ErrorId 'ParameterArgumentTransformationError,NtkPs.InvokeEmpiricalNtkCommand'
    }

    It 'says what is wrong: <Id> <Words>' -ForEach @(
        @{ More = @{ X2 = $null }; Id = 'InvalidArgument'; Words = '*-X2 is $null*' }
        @{ More = @{ TraceAxis = 5 }; Id = 'InvalidAxis'; Words = '*-TraceAxis 5*' }
        @{ More = @{ X2 = 'none.npy' }; Id = 'PathNotFound'; Words = '*none.npy*' }
        @{ More = @{ X2 = @{ nope = 1 } }; Id = 'InputMismatch'; Words = "*'nope'*" }
        @{ More = @{ X2 = @(1, 2, 3) }; Id = 'ShapeMismatch'; Words = '*-X2 has the shape (3,)*' }
        @{ More = @{ ParameterName = 'nope' }; Id = 'ParameterNotFound'; Words = "*'nope'*" }
        @{ More = @{ Parameter = @{ nope = 1 } }; Id = 'ParameterNotFound'; Words = "*'nope'*" }
        @{ More = @{ Output = 'nope' }; Id = 'OutputNotFound'; Words = "*'nope'*" }
        @{ More = @{ OutFile = 'k.csv' }; Id = 'FormatNotRecognized'; Words = '*k.csv*' }
    ) {
        { Invoke-EmpiricalNtk $model $x1 @More } | Should -Throw $Words -ErrorId "$Id,NtkPs.InvokeEmpiricalNtkCommand"
    }

    It 'warns of <_> in the input' -ForEach ([float]::NaN, [float]::NegativeInfinity) {
        $values = $x1.ToFlatArray()
        $values[0] = $_
        $null = Invoke-EmpiricalNtk $model ([NtkTensor]::FromArray($values, $x1.Shape)) -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*-X1 has NaN or infinity in 1 of*'
    }

    It 'takes several inputs as a dictionary, and as a list where the format orders them' {
        $left, $right = Import-NtkTensor "$root/two_inputs/data.npz" -Name x1_left, x1_right
        $keras = Import-NtkModel "$root/two_inputs/model.keras"
        $k = Invoke-EmpiricalNtk $keras @{ left = $left; right = $right }
        Test-Near (Invoke-EmpiricalNtk $keras ([ordered]@{ right = $right; left = $left }) -NoEnumerate) $k | Should -BeTrue
        Test-Near (Invoke-EmpiricalNtk $keras $left, $right -NoEnumerate) $k | Should -BeTrue
        $graph = Import-NtkModel "$root/two_inputs/saved_model"
        { Invoke-EmpiricalNtk $graph $left, $right } | Should -Throw '*does not order*dictionary*' -ErrorId 'InputMismatch,NtkPs.InvokeEmpiricalNtkCommand'
    }

    It 'emits the kernels of several outputs whole, named' {
        $two = Import-NtkModel "$root/two_outputs/model.keras"
        @(Invoke-EmpiricalNtk $two "$root/two_outputs/data.npz/x1" | ForEach-Object { $_.GetType().Name }) | Should -Be @('NtkTensor', 'NtkTensor')
    }

    It 'goes on with the next model after one that fails' {
        $kernels = @((Import-NtkModel "$root/two_inputs/model.keras"), $model | Invoke-EmpiricalNtk -X1 $x1 -X2 $x2 -NoEnumerate -ErrorVariable problems -ErrorAction SilentlyContinue)
        $kernels.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'InputMismatch,NtkPs.InvokeEmpiricalNtkCommand'
    }
}
