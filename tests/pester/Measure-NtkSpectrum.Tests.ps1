Describe 'Measure-NtkSpectrum' {
    BeforeAll {
        Import-Module Ntk
        $kernel = [NtkTensor]::FromArray([double[]](2, 0, 0, 4), @(2, 2), 'k')
    }

    It 'measures a kernel' {
        $spectrum = Measure-NtkSpectrum -InputObject $kernel
        $spectrum.Eigenvalues.GetType() | Should -Be ([double[]])
        $spectrum.Eigenvalues | Should -Be @(4, 2)
        $spectrum.ConditionNumber | Should -Be 2
        $spectrum.Trace | Should -Be 6
        $spectrum.ParticipationRatio | Should -Be 1.8
        "$spectrum" | Should -BeLike 'k: 2 eigenvalues 4*'
    }

    It 'measures each of several, and one that comes in rows' {
        @($kernel, $kernel.Multiply(2).WithName('other') | Measure-NtkSpectrum | ForEach-Object Name) | Should -Be @('k', 'other')
        ($kernel | Measure-NtkSpectrum).Count | Should -Be 2
    }

    It 'says what is no kernel' {
        { Measure-NtkSpectrum ([NtkTensor]::FromArray([double[]](1, 2, 3, 4, 5, 6), @(2, 3))) } | Should -Throw '*-X1 alone*' -ErrorId 'ShapeMismatch,NtkPs.MeasureNtkSpectrumCommand'
        { Measure-NtkSpectrum 'none.npy' } | Should -Throw -ErrorId 'PathNotFound,NtkPs.MeasureNtkSpectrumCommand'
    }
}
