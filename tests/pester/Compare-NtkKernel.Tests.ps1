Describe 'Compare-NtkKernel' {
    BeforeAll {
        Import-Module Ntk
        $before = [NtkTensor]::FromArray([double[]](5, 0, 0, 0, 4, 0, 0, 0, 1), @(3, 3), 'before')
        $after = [NtkTensor]::FromArray([double[]](1, 0, 0, 0, 4, 0, 0, 0, 5), @(3, 3), 'after')
    }

    It 'says how far a kernel moved' {
        $comparison = Compare-NtkKernel $before $after -EigenspaceSize 2
        $comparison.Name | Should -Be 'after'
        [Math]::Round($comparison.EigenspaceOverlap, 10) | Should -Be 0.5
        [Math]::Round($comparison.Alignment, 10) | Should -Be ([Math]::Round(26 / 42, 10))
        (Compare-NtkKernel $before $before.Multiply(2)).RelativeDistance | Should -Be 1
    }

    It 'compares each of several' {
        @($before, $after | Compare-NtkKernel $before | ForEach-Object Name) | Should -Be @('before', 'after')
    }

    It 'says what does not fit' {
        { Compare-NtkKernel $before ([NtkTensor]::FromArray([double[]](1, 0, 0, 1), @(2, 2))) } | Should -Throw '*same examples*' -ErrorId 'ShapeMismatch,NtkPs.CompareNtkKernelCommand'
        { Compare-NtkKernel $before $after -EigenspaceSize 4 } | Should -Throw '*-EigenspaceSize*' -ErrorId 'InvalidArgument,NtkPs.CompareNtkKernelCommand'
    }
}
