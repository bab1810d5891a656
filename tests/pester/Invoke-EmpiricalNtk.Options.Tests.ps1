Describe 'Invoke-EmpiricalNtk, its options' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/small_fcn"
        $data = "$case/data.npz"
        $model = Import-NtkModel "$case/saved_model"
        $x1 = Import-NtkTensor $data -Name x1
        $x2 = Import-NtkTensor $data -Name x2
        $kernel = Import-NtkTensor $data -Name k0_all
    }

    It 'gives <reference> with -TraceAxis <trace> and -DiagonalAxis <diagonal>' -ForEach @(
        @{ reference = 'k1_all'; trace = @(); diagonal = @(); both = $true }
        @{ reference = 'k2_all'; trace = @(); diagonal = @(-1); both = $true }
        @{ reference = 'k3_all'; trace = @(); diagonal = @(0); both = $false }
        @{ reference = 'k4_all'; trace = @(-1); diagonal = @(0); both = $false }
        @{ reference = 'k5_all'; trace = @(0); diagonal = @(); both = $false }
        @{ reference = 'k7_all'; trace = @(-1); diagonal = @(); both = $false }
    ) {
        $other = if ($both) { @{ X2 = $x2 } } else { @{} }
        $k = Invoke-EmpiricalNtk $model $x1 @other -TraceAxis $trace -DiagonalAxis $diagonal -Precision Double
        $expected = Import-NtkTensor $data -Name $reference
        $k.Shape | Should -Be $expected.Shape
        Get-Difference $k $expected | Should -BeLessThan 1e-9
    }

    It 'agrees by <_>' -ForEach 'JacobianContraction', 'NtkVectorProducts', 'StructuredDerivatives', 1, 2, 3 {
        Get-Difference (Invoke-EmpiricalNtk $model $x1 $x2 -Implementation $_ -Precision Double) $kernel | Should -BeLessThan 1e-9
    }

    It 'agrees with <arguments>' -ForEach @(
        @{ arguments = @{ VmapAxis = 'None' } }, @{ arguments = @{ VmapAxis = 0 } }, @{ arguments = @{ VmapAxes = 0, 0 } }
        @{ arguments = @{ JRules = $false; SRules = $false } }, @{ arguments = @{ Fwd = $true } }, @{ arguments = @{ Fwd = $true; JRules = $false } }, @{ arguments = @{ MemoryLimit = 64MB } }
    ) {
        Get-Difference (Invoke-EmpiricalNtk $model $x1 $x2 -Precision Double @arguments) $kernel | Should -BeLessThan 1e-9
    }

    It 'takes chosen outputs' {
        $all = Invoke-EmpiricalNtk $model $x1 $x2 -TraceAxis @()
        $one = Invoke-EmpiricalNtk $model $x1 $x2 -TraceAxis @() -OutputIndex 3
        [Math]::Abs($one.ToFlatArray()[0] - $all.ToArray()[0, 0, 3, 3]) | Should -BeLessThan 1e-3
    }

    It 'sums over chosen parameters' {
        $kernels = Invoke-EmpiricalNtk $model $x1 -ParameterName '*/kernel'
        $biases = Invoke-EmpiricalNtk $model $x1 -ParameterName '*/bias'
        Get-Difference $kernels.Add($biases) (Invoke-EmpiricalNtk $model $x1) | Should -BeLessThan 1e-5
    }

    It 'parts the kernel by parameter or by layer' {
        $sum = { param($parts) $total = $parts[0]; foreach ($part in $parts[1..($parts.Count - 1)]) { $total = $total.Add($part) }; , $total }
        $parameters, $layers = @(Invoke-EmpiricalNtk $model $x1 -PerParameter), @(Invoke-EmpiricalNtk $model $x1 -PerLayer)
        $parameters | Should -HaveCount 6
        $layers | Should -HaveCount 3
        Get-Difference (& $sum $parameters) (Invoke-EmpiricalNtk $model $x1) | Should -BeLessThan 1e-5
        Get-Difference (& $sum $layers) (Invoke-EmpiricalNtk $model $x1) | Should -BeLessThan 1e-5
    }

    It 'takes f(params, x)' {
        $f = "$fixtures/keras2/function_f1"
        $model = Import-NtkModel "$f/saved_model" -ParameterInput params
        $k = Invoke-EmpiricalNtk $model "$f/data.npz/x1" "$f/data.npz/x2" -Parameter @{ params = "$f/data.npz/params" } -TraceAxis @() -Precision Double
        Get-Difference $k (Import-NtkTensor "$f/data.npz" -Name k0_all) | Should -BeLessThan 1e-6
    }

    It 'takes the shape of parameters that the file leaves open from their value' {
        $f = "$fixtures/functions/fn_free_shape"
        $model = Import-NtkModel "$f/saved_model" -ParameterInput params
        $model.Parameters[0].Shape | Should -BeNullOrEmpty
        $params = Import-NtkTensor "$f/data.npz" -Name params
        $k = $model | Invoke-EmpiricalNtk "$f/data.npz/x1" "$f/data.npz/x2" -Parameter @{ params = $params } -Precision Double
        Get-Difference $k (Import-NtkTensor "$f/data.npz" -Name k0_all) | Should -BeLessThan 1e-6
        $narrow = $params.Reshape(4, 3).ToFlatArray()[0..7]
        ($model | Invoke-NtkModel "$f/data.npz/x1" -Parameter @{ params = $narrow }).Shape | Should -Be @(3, 2)
        ($model | Invoke-EmpiricalNtk "$f/data.npz/x1" -Parameter @{ params = $narrow } -TraceAxis @()).Shape | Should -Be @(3, 3, 2, 2)
    }

    It 'says how much memory is missing' {
        { Invoke-EmpiricalNtk $model $x1 -MemoryLimit 1KB } | Should -Throw '* needs about * KB, more than the limit of 1 KB*' -ErrorId 'MemoryLimitTooSmall,NtkPs.InvokeEmpiricalNtkCommand'
    }

    It 'streams to a file' {
        $k = Invoke-EmpiricalNtk $model $x1 $x2 -OutFile "$TestDrive/kernel.npy"
        Get-Difference $k $kernel | Should -BeLessThan 1e-4
        Get-Difference (Import-NtkTensor "$TestDrive/kernel.npy") $kernel | Should -BeLessThan 1e-4
    }

    It 'pipes to Export-Csv' -Tag Utility {
        Invoke-EmpiricalNtk $model $x1 $x2 | Export-Csv "$TestDrive/kernel.csv"
        $lines = Import-Csv "$TestDrive/kernel.csv"
        $lines | Should -HaveCount 5
        [double]$lines[1].'2' | Should -BeGreaterThan 0
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'an axis out of range'; arguments = @{ TraceAxis = 5 }; id = 'InvalidAxis' }
        @{ what = 'an axis both traced and diagonal'; arguments = @{ TraceAxis = 1; DiagonalAxis = -1 }; id = 'InvalidAxis' }
        @{ what = 'an unknown parameter'; arguments = @{ ParameterName = 'none' }; id = 'ParameterNotFound' }
        @{ what = 'an unknown output'; arguments = @{ Output = 'none' }; id = 'OutputNotFound' }
        @{ what = 'an output index out of range'; arguments = @{ TraceAxis = @(); OutputIndex = 10 }; id = 'OutputIndexOutOfRange' }
        @{ what = 'X2 $null'; arguments = @{ X2 = $null }; id = 'InvalidArgument' }
        @{ what = 'a memory limit below one pair'; arguments = @{ MemoryLimit = 1 }; id = 'MemoryLimitTooSmall' }
        @{ what = 'an -OutFile of another format'; arguments = @{ OutFile = 'kernel.txt' }; id = 'FormatNotRecognized' }
    ) {
        { Invoke-EmpiricalNtk $model $x1 @arguments } | Should -Throw -ErrorId "$id,NtkPs.InvokeEmpiricalNtkCommand"
    }

    It 'refuses a parameter that is not trainable, unless asked' {
        $model = Import-NtkModel "$fixtures/keras2/mini_resnet/model.keras"
        $name = ($model | Get-NtkParameter -NonTrainable)[0].Name
        $x = Import-NtkTensor "$fixtures/keras2/mini_resnet/data.npz" -Name x1
        { Invoke-EmpiricalNtk $model $x -ParameterName $name } | Should -Throw '*IncludeNonTrainable*' -ErrorId 'ParameterNotTrainable,NtkPs.InvokeEmpiricalNtkCommand'
        (Invoke-EmpiricalNtk $model $x -ParameterName $name -IncludeNonTrainable).Rank | Should -Be 2
    }
}
