Describe 'Measure-NtkAlignment' {
    BeforeAll {
        Import-Module Ntk
        $kernel = [NtkTensor]::FromArray([double[]](3, 0, 0, 0, 2, 0, 0, 0, 1), @(3, 3), 'k')
    }

    It 'says which eigenvectors hold the targets' {
        $alignment = Measure-NtkAlignment $kernel -YTrain ([double[]](0, 0, 7))
        $alignment.EigenvectorAlignment | Should -Be @(0, 0, 1)
        $alignment.TargetDimension | Should -Be 3
        (Measure-NtkAlignment $kernel -Target ([double[]](1, 0, 0))).TargetDimension | Should -Be 1
    }

    It 'takes labels, as numbers and as text, and rows' {
        $numbers = $kernel | Measure-NtkAlignment -YTrain 0, 1, 1
        $text = Measure-NtkAlignment $kernel 'cat', 'dog', 'dog'
        $text.KernelTargetAlignment | Should -Be $numbers.KernelTargetAlignment
        "$text" | Should -BeLike 'k: kernel-target alignment*'
    }

    It 'says what does not fit' {
        { Measure-NtkAlignment $kernel 0, 1 } | Should -Throw '*-YTrain has 2 examples*' -ErrorId 'ShapeMismatch,NtkPs.MeasureNtkAlignmentCommand'
        { Measure-NtkAlignment $kernel ([double[]](0, 0, 0)) } | Should -Throw '*zero*' -ErrorId 'InvalidArgument,NtkPs.MeasureNtkAlignmentCommand'
    }
}
