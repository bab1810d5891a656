Describe 'Invoke-NtkVectorProduct' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/small_fcn"
        $model = Import-NtkModel "$case/model.h5"
        $x1, $x2 = "$case/data.npz/x1", "$case/data.npz/x2"
        $kernel = Invoke-EmpiricalNtk $model $x1 $x2 -Precision Double
        $vector = [double[]] @(for ($j = 0; $j -lt $kernel.Shape[1]; $j++) { 1 / (1 + $j) })
    }

    It 'is the kernel times the vector' {
        $product = Invoke-NtkVectorProduct $model $x1 $x2 -Vector $vector -Precision Double
        $product.Shape | Should -Be @($kernel.Shape[0])
        for ($i = 0; $i -lt $kernel.Shape[0]; $i++) {
            $sum = 0.0
            for ($j = 0; $j -lt $vector.Count; $j++) { $sum += $kernel[$i, $j] * $vector[$j] }
            [Math]::Abs($product[$i] - $sum) | Should -BeLessThan (1e-9 * [Math]::Abs($sum))
        }
    }

    It 'multiplies several side by side' {
        $two = [double[, ]]::new($vector.Count, 2)
        for ($j = 0; $j -lt $vector.Count; $j++) { $two[$j, 0] = $vector[$j]; $two[$j, 1] = -$vector[$j] }
        $product = Invoke-NtkVectorProduct $model $x1 $x2 -Vector $two
        $product.Shape | Should -Be @($kernel.Shape[0], 2)
        $product[0, 1] | Should -Be (-$product[0, 0])
    }

    It 'refuses a vector of another shape' {
        { Invoke-NtkVectorProduct $model $x1 $x2 -Vector 1, 2 -ErrorAction Stop } | Should -Throw -ErrorId 'ShapeMismatch,NtkPs.InvokeNtkVectorProductCommand'
    }

    It 'refuses a diagonal of examples' {
        { Invoke-NtkVectorProduct $model $x1 -Vector $vector -DiagonalAxis 0 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidAxis,NtkPs.InvokeNtkVectorProductCommand'
    }
}
