Describe 'Invoke-EmpiricalNngp' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/small_fcn"
        $model = Import-NtkModel "$case/model.h5"
        $x1, $x2 = "$case/data.npz/x1", "$case/data.npz/x2"
        $y1 = Invoke-NtkModel $model $x1 -Precision Double
        $y2 = Invoke-NtkModel $model $x2 -Precision Double
    }

    It 'is the mean product of the outputs' {
        $kernel = Invoke-EmpiricalNngp $model $x1 $x2 -Precision Double
        $kernel.Shape | Should -Be $y1.Shape[0], $y2.Shape[0]
        $sum = 0.0
        for ($c = 0; $c -lt $y1.Shape[1]; $c++) { $sum += $y1[1, $c] * $y2[2, $c] }
        [Math]::Abs($kernel[1, 2] - $sum / $y1.Shape[1]) | Should -BeLessThan 1e-12
    }

    It 'keeps, traces and pairs axes as the neural tangent kernel does' -ForEach @(
        @{ trace = @(); diagonal = @() }
        @{ trace = @(-1); diagonal = @(0) }
        @{ trace = @(); diagonal = @(-1) }
    ) {
        $axes = @{ TraceAxis = $trace; DiagonalAxis = $diagonal }
        (Invoke-EmpiricalNngp $model $x1 @axes).Shape | Should -Be (Invoke-EmpiricalNtk $model $x1 @axes).Shape
    }

    It 'takes chosen output elements' {
        $kernel = Invoke-EmpiricalNngp $model $x1 -OutputIndex 3, 1 -TraceAxis @() -Precision Double
        $kernel.Shape | Should -Be $y1.Shape[0], $y1.Shape[0], 2, 2
        [Math]::Abs($kernel[0, 1, 0, 1] - $y1[0, 3] * $y1[1, 1]) | Should -BeLessThan 1e-12
    }

    It 'refuses what does not fit' {
        { Invoke-EmpiricalNngp $model $x1 -MemoryLimit 100 -ErrorAction Stop } | Should -Throw -ErrorId 'MemoryLimitTooSmall,NtkPs.InvokeEmpiricalNngpCommand'
    }
}
