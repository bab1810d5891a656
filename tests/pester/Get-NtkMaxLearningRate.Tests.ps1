Describe 'Get-NtkMaxLearningRate' {
    BeforeAll {
        Import-Module Ntk
        $kernel = [NtkTensor]::FromArray([double[]](2, 0, 0, 4), @(2, 2))
        $id = ',NtkPs.GetNtkMaxLearningRateCommand'
    }

    It 'is 2 (1 + momentum) size / largest eigenvalue' {
        $rate = Get-NtkMaxLearningRate $kernel
        $rate.GetType() | Should -Be ([double])
        [Math]::Abs($rate - 1) | Should -BeLessThan 1e-9
        [Math]::Abs((Get-NtkMaxLearningRate -Kernel $kernel -YTrainSize 6 -Momentum 0.5) - 4.5) | Should -BeLessThan 1e-9
    }

    It 'takes kernels through the pipeline, whole or in rows' {
        @($kernel, $kernel.Multiply(2) | Get-NtkMaxLearningRate).Count | Should -Be 2
        $kernel | Get-NtkMaxLearningRate | Should -Be (Get-NtkMaxLearningRate $kernel)
    }

    It 'goes on after a bad kernel' {
        $rates = @($kernel.Slice(0, 1), $kernel.WithName('good') | Get-NtkMaxLearningRate -ErrorVariable said -ErrorAction SilentlyContinue)
        $rates.Count | Should -Be 1
        $said[0].FullyQualifiedErrorId | Should -Be "ShapeMismatch$id"
    }

    It 'refuses numbers out of range' {
        { Get-NtkMaxLearningRate $kernel -YTrainSize 0 } | Should -Throw '*-YTrainSize*' -ErrorId "InvalidArgument$id"
        { Get-NtkMaxLearningRate $kernel -Momentum 2 } | Should -Throw '*-Momentum*' -ErrorId "InvalidArgument$id"
    }
}
