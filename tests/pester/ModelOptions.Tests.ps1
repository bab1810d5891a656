# What the cmdlets that run a model share: each option, on each of them.
BeforeDiscovery {
    $all = 'Invoke-NtkModel', 'Invoke-NtkLinearization', 'Get-NtkJacobian', 'Invoke-EmpiricalNngp', 'Invoke-EmpiricalNtk', 'Invoke-NtkVectorProduct', 'Get-NtkPlan'
    $tensors = $all -ne 'Get-NtkPlan' -ne 'Invoke-NtkLinearization'
    $values = $all -ne 'Get-NtkPlan'
    $kernels = $all[3..6]
    $parameters = $all[2], $all[4], $all[5], $all[6]
}

Describe 'Options of models' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $model = Import-NtkModel "$fixtures/keras2/small_fcn/model.keras"
        $x = (Import-NtkTensor "$fixtures/keras2/small_fcn/data.npz/x1").Slice(0, 3)
        $two = Import-NtkModel "$fixtures/keras2/two_outputs/model.keras"
        $twoX = (Import-NtkTensor "$fixtures/keras2/two_outputs/data.npz/x1").Slice(0, 3)

        # What a command gives, as text: short, and another for another result. A function's own output would be rows.
        function Get-Text([string]$Command, [hashtable]$Options, $Piped) {
            $more = $Command -eq 'Invoke-NtkVectorProduct' ? @{ Vector = [double[]](1, 2, 3) } : @{}
            $result = $Piped ? ($Piped | & $Command @Options @more) : (& $Command @Options @more)
            if ($result -is [NtkTensor]) { return "$($result.Describe()) $($result.ToFlatArray()[0..30])" }
            @(foreach ($item in $result) {
                    $item -is [NtkTensor] ? "$($item.Describe()) $($item.ToFlatArray()[0..30])"
                    : $item -is [Ntk.NtkLinearization] ? "$($item.Value.ToFlatArray()) $($item.Linearized.ToFlatArray())"
                    : "$($item.Output) $($item.Shape) $($item.Flops) $($item.Steps.Count)"
                }) -join "`n"
        }
    }

    BeforeEach {
        $command = $_
        $inputs = $command -match 'Model|Linear|Jacobian' ? 'X' : 'X1'
        $plain = @{ Model = $model; $inputs = $x }
    }

    It '<_> takes the model first, by name, and through the pipeline' -ForEach $all {
        $text = Get-Text $command $plain
        $text.Length | Should -BeGreaterThan 10
        Get-Text $command @{ InputObject = $model; $inputs = $x } | Should -Be $text
        Get-Text $command @{ $inputs = $x; NoEnumerate = $true } $model | Should -Be $text
        $more = $command -eq 'Invoke-NtkVectorProduct' ? @{ Vector = [double[]](1, 2, 3) } : @{}
        { & $command $model $x @more } | Should -Not -Throw
    }

    It '<_> takes -Output' -ForEach $all {
        $first, $second = foreach ($output in $two.Outputs.Name) { Get-Text $command @{ Model = $two; $inputs = $twoX; Output = $output } }
        $first | Should -Not -Be $second
        { Get-Text $command @{ Model = $two; $inputs = $twoX; Output = 'nope'; ErrorAction = 'Stop' } } | Should -Throw "*no output 'nope'*"
    }

    It '<_> takes -Parameter' -ForEach $values {
        $own, $other = @{}, @{}
        foreach ($parameter in $model.Parameters) {
            $own[$parameter.Name] = $parameter.Value
            $other[$parameter.Name] = $parameter.Value.Multiply(1.5)
        }
        $text = Get-Text $command $plain
        Get-Text $command ($plain + @{ Parameter = $own }) | Should -Be $text
        Get-Text $command ($plain + @{ Parameter = $other }) | Should -Not -Be $text
    }

    It '<_> takes -Precision and -NoEnumerate' -ForEach $tensors {
        Get-Text $command ($plain + @{ Precision = 'Double' }) | Should -BeLike '*float64 *'
        $more = $command -eq 'Invoke-NtkVectorProduct' ? @{ Vector = [double[]](1, 2, 3) } : @{}
        @(& $command @plain @more -NoEnumerate | ForEach-Object { $_.GetType().Name })[0] | Should -Be 'NtkTensor'
        @(& $command @plain @more -NoEnumerate:$false | ForEach-Object { $_.GetType().Name })[0] | Should -Be 'NtkTensorRow'
    }

    It '<_> takes -TraceAxis, -DiagonalAxis and -OutputIndex' -ForEach $kernels {
        $text = Get-Text $command $plain
        Get-Text $command ($plain + @{ TraceAxis = -1 }) | Should -Be $text
        Get-Text $command ($plain + @{ OutputIndex = 4 }) | Should -Not -Be $text
        { Get-Text $command ($plain + @{ DiagonalAxis = 7; ErrorAction = 'Stop' }) } | Should -Throw '*DiagonalAxis*7*'
    }

    It '<_> takes -ParameterName, -IncludeNonTrainable and -VmapAxis' -ForEach $parameters {
        $text = Get-Text $command $plain
        Get-Text $command ($plain + @{ ParameterName = '*/bias' }) | Should -Not -Be $text
        # All of this model's are trained.
        Get-Text $command ($plain + @{ IncludeNonTrainable = $true }) | Should -Be $text
        if ($command -ne 'Get-NtkJacobian') { Get-Text $command ($plain + @{ VmapAxis = 0 }) | Should -Be $text }
    }

    It '<_> takes -MemoryLimit' -ForEach $all {
        (Get-Text $command ($plain + @{ MemoryLimit = 8MB })).Length | Should -BeGreaterThan 10
        { Get-Text $command ($plain + @{ MemoryLimit = 0 }) } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        { Get-Text $command ($plain + @{ MemoryLimit = 100; ErrorAction = 'Stop' }) } | Should -Throw '*100 bytes*' -ErrorId 'MemoryLimitTooSmall,*'
    }

    It 'runs as many examples at once as -MemoryLimit lets through' {
        $many = Import-NtkTensor "$fixtures/keras2/small_fcn/data.npz/x1" -NoEnumerate
        Get-Difference (Invoke-NtkModel $model $many -MemoryLimit 2KB) (Invoke-NtkModel $model $many) | Should -BeLessThan 1e-5
        { Invoke-NtkModel $model $many -MemoryLimit 10 } | Should -Throw '*One example needs about*' -ErrorId 'MemoryLimitTooSmall,*'
    }
}
