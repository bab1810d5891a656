Describe 'Get-NtkJacobian' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/small_fcn"
        $model = Import-NtkModel "$case/model.h5"
        $x1 = "$case/data.npz/x1"
        $kernel = Invoke-EmpiricalNtk $model $x1 -TraceAxis @() -Precision Double
    }

    It 'gives a tensor for each parameter, the output''s axes first' {
        $jacobian = Get-NtkJacobian $model $x1
        $jacobian.Name | Should -Be ($model.Parameters.Name -replace ':0$')
        $jacobian[0].Shape | Should -Be (@(5, 10) + $model.Parameters[0].Shape)
    }

    It 'squares to the kernel' {
        $sum = 0.0
        foreach ($part in Get-NtkJacobian $model $x1 -Precision Double) {
            $flat = $part.Reshape(5, 10, -1)
            $a, $b = $flat[0].ToFlatArray(), $flat[2].ToFlatArray()
            $width = $flat.Shape[2]
            for ($p = 0; $p -lt $width; $p++) { $sum += $a[3 * $width + $p] * $b[7 * $width + $p] }
        }
        [Math]::Abs($sum / $kernel[0, 2, 3, 7] - 1) | Should -BeLessThan 1e-10
    }

    It 'takes chosen parameters and output elements' {
        $one = Get-NtkJacobian $model $x1 -ParameterName *bias -OutputIndex 4
        $one.Count | Should -Be @($model.Parameters | Where-Object Name -like '*bias*').Count
        $one[0].Shape[0..1] | Should -Be 5, 1
    }

    It 'refuses what does not fit, and several outputs at once' {
        { Get-NtkJacobian $model $x1 -MemoryLimit 1KB -ErrorAction Stop } | Should -Throw -ErrorId 'MemoryLimitTooSmall,NtkPs.GetNtkJacobianCommand'
        $two = Import-NtkModel "$fixtures/keras2/two_outputs/saved_model"
        { Get-NtkJacobian $two "$fixtures/keras2/two_outputs/data.npz/x1" -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidArgument,NtkPs.GetNtkJacobianCommand'
    }
}
