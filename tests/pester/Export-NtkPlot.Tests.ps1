Describe 'Export-NtkPlot' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $kernel = [NtkTensor]::FromArray([double[]](4, 1, 1, 2), @(2, 2), 'out')
        $influences = Get-NtkInfluence $kernel $kernel cat, dog
        $targets = [double[]](1, -1)
        $dynamics = Invoke-NtkPrediction $kernel $kernel $targets -Time 0, 1, 10, 100
        function Get-Signature($Path) { [System.Text.Encoding]::Latin1.GetString([System.IO.File]::ReadAllBytes($Path)[0..5]) }
    }

    It 'draws <Kind> to .png and .svg' -ForEach @(
        @{ Kind = 'Heatmap'; Data = { $kernel } }
        @{ Kind = 'Spectrum'; Data = { $kernel } }
        @{ Kind = 'Dynamics'; Data = { $dynamics } }
        @{ Kind = 'Parameters'; Data = { $kernel } }
        @{ Kind = 'Influence'; Data = { $influences } }
    ) {
        & $Data | Export-NtkPlot "$TestDrive/$Kind.png" $Kind
        Export-NtkPlot -Path "$TestDrive/$Kind.svg" -Kind $Kind -InputObject (& $Data) -Width 400 -Height 300
        Get-Signature "$TestDrive/$Kind.png" | Should -Be ([char] 0x89 + "PNG`r`n")
        $svg = [xml] [System.IO.File]::ReadAllText("$TestDrive/$Kind.svg")
        $svg.svg.width, $svg.svg.height | Should -Be @('400', '300')
    }

    It 'draws as text what suits the input: <Words>' -ForEach @(
        @{ Words = 'Tangent kernel of out, N = 2'; Data = { $kernel } }
        @{ Words = 'Tangent kernel of out, N = 2'; Data = { , @($kernel) } }
        @{ Words = 'Spectrum, 3 eigenvalues'; Data = { 3.0, 2.0, 1.0 } }
        @{ Words = 'Spectrum of trained, 2 eigenvalues'; Data = { [pscustomobject] @{ Name = 'trained'; Eigenvalues = [double[]](2, 1) } } }
        @{ Words = 'Outputs in training, N = 2, 2 test examples'; Data = { $dynamics } }
        @{ Words = 'Strongest influences of training examples on 2 test examples, N = 2'; Data = { $influences } }
    ) {
        (& $Data | Export-NtkPlot -AsText -Width 70)[0] | Should -Be $Words
    }

    It 'says the model, and how many examples' {
        $model = Import-NtkModel "$fixtures/keras2/small_fcn/model.keras"
        $x = Import-NtkTensor "$fixtures/keras2/small_fcn/data.npz/x1" -NoEnumerate
        $n = $x.Shape[0]
        Invoke-EmpiricalNtk $model $x | Export-NtkPlot -AsText | ForEach-Object { $_ } | Where-Object { $_ -like 'Tangent kernel of model, *' } | Should -BeLike "*, N = $n"
        (Invoke-EmpiricalNtk $model $x -PerParameter | Export-NtkPlot -AsText -Kind Parameters)[0] | Should -BeLike "Parameters' shares of the tangent kernel of model, N = $n"
        ($model | Get-NtkParameter | Export-NtkPlot -AsText)[0] | Should -Be 'model: 7,946 numbers in 6 parameters'
        $own = Invoke-EmpiricalNtk $model $x
        (Invoke-NtkPrediction $own -YTrain ([double[,]]::new($n, 10)) -Time 1, 10 | Export-NtkPlot -AsText)[0] | Should -Be "Outputs of model in training, N = $n"
        (Get-NtkInfluence $own $own ([int[]] (0..($n - 1))) -Ridge 1e-3 | Export-NtkPlot -AsText)[0] | Should -Be "Strongest influences of training examples on $n test examples, model, N = $n"
        (Measure-NtkSpectrum $own | Export-NtkPlot -AsText)[0] | Should -BeLike 'Spectrum of model, *'
        ($own, $own.Multiply(2) | Export-NtkPlot -AsText -Kind Spectrum)[0] | Should -Be "Spectra of 2 tangent kernels, N = $n"
        ($kernel | Export-NtkPlot -AsText -Title 'My title')[0] | Should -Be 'My title'
    }

    It 'orders a heat map by class, of numbers, names, tensors and rows' {
        $expected = $kernel | Export-NtkPlot -AsText -Label 'b', 'a'
        $expected[3] | Should -BeLike '* a │░░  │'
        $expected[4] | Should -BeLike '* b │  ██│'
        $labels = [NtkTensor]::FromArray([int[]](5, 3))
        $numbers = $kernel | Export-NtkPlot -AsText -Label 5, 3
        $numbers[3] | Should -BeLike '* 3 │░░  │'
        $kernel | Export-NtkPlot -AsText -Label $labels | Should -Be $numbers
        $kernel | Export-NtkPlot -AsText -Label @($labels) | Should -Be $numbers
        $kernel.Slice(0, 1) | Export-NtkPlot -AsText -Label x -ColumnLabel b, a | Where-Object { $_ -like '*│*' } | Should -BeLike '* x │  ██│'
    }

    It 'draws the loss where targets are given' {
        $text = $dynamics | Export-NtkPlot -AsText -YTrain $targets -YTest $targets
        $text[0] | Should -Be 'Loss in training, N = 2, 2 test examples'
        $text -like '*Train' | Should -HaveCount 1
    }

    It 'draws each result of the module''s own, and what a copy of it has for properties' {
        $spectrum = $kernel | Measure-NtkSpectrum
        ($spectrum | Export-NtkPlot -AsText)[0] | Should -Be 'Spectrum of out, 2 eigenvalues'
        $copy = [pscustomobject] @{ Name = 'out'; Eigenvalues = [System.Collections.ArrayList] $spectrum.Eigenvalues }
        $copy | Export-NtkPlot -AsText | Should -Be ($spectrum | Export-NtkPlot -AsText)
        $copies = $dynamics | ForEach-Object { [pscustomobject] @{ Time = $_.Time; Train = $_.Train.ToArray(); Test = $_.Test.ToArray() } }
        $copies | Export-NtkPlot -AsText | Should -Be ($dynamics | Export-NtkPlot -AsText)
        $influences[0..1] | Export-NtkPlot -AsText | Where-Object { $_ -match '^(0 \(cat\)|1 \(dog\))  ' } | Should -HaveCount 2
        $gaussian = Invoke-NtkPrediction -Method GradientDescentMseEnsemble $kernel $kernel $targets -NngpTrainTrain $kernel -NngpTestTrain $kernel -NngpTestTest $kernel -Time 0.1, 1, 10
        ($gaussian | Export-NtkPlot -AsText) -match 'Test ± 2 standard deviations' | Should -HaveCount 1
        $gaussian | Export-NtkPlot "$TestDrive/gaussian.png"
    }

    It 'overwrites, but not with -NoClobber, and does nothing with -WhatIf' {
        $kernel | Export-NtkPlot "$TestDrive/kept.png" -WhatIf
        "$TestDrive/kept.png" | Should -Not -Exist
        ($kernel | Export-NtkPlot "$TestDrive/kept.png" -PassThru).Name | Should -Be 'kept.png'
        { $kernel | Export-NtkPlot "$TestDrive/kept.png" -NoClobber } | Should -Throw '*exists already*' -ErrorId 'FileExists,NtkPs.ExportNtkPlotCommand'
        $kernel | Export-NtkPlot "$TestDrive/kept.png"
    }

    It 'says what is wrong: <Id> <Words>' -ForEach @(
        @{ Id = 'FormatNotRecognized'; Words = "*neither .png nor .svg*"; Do = { $kernel | Export-NtkPlot "$TestDrive/a.gif" } }
        @{ Id = 'PathNotFound'; Words = '*folder*does not exist*'; Do = { $kernel | Export-NtkPlot "$TestDrive/no/a.png" } }
        @{ Id = 'InvalidArgument'; Words = '*-Kind Dynamics takes*out float64*'; Do = { $kernel | Export-NtkPlot -AsText -Kind Dynamics } }
        @{ Id = 'InvalidArgument'; Words = '*-Kind Heatmap takes one kernel*'; Do = { $dynamics | Export-NtkPlot -AsText -Kind Heatmap } }
        @{ Id = 'InvalidArgument'; Words = '*two ways*'; Do = { $kernel, $kernel.WithName('b') | Export-NtkPlot -AsText } }
        @{ Id = 'InvalidArgument'; Words = '*-Label has no meaning for -Kind Spectrum*'; Do = { $kernel | Export-NtkPlot -AsText -Kind Spectrum -Label a, b } }
        @{ Id = 'InvalidArgument'; Words = '*mixes*'; Do = { @($kernel) + $dynamics | Export-NtkPlot -AsText } }
        @{ Id = 'InvalidArgument'; Words = '*too narrow*'; Do = { $kernel | Export-NtkPlot "$TestDrive/a.png" -Width 50 } }
        @{ Id = 'ShapeMismatch'; Words = '*3 labels for 2 examples*'; Do = { $kernel | Export-NtkPlot -AsText -Label a, b, c } }
        @{ Id = 'PathNotFound'; Words = '*none.npy*'; Do = { 'none.npy' | Export-NtkPlot -AsText } }
    ) {
        $Do | Should -Throw $Words -ErrorId "$Id,NtkPs.ExportNtkPlotCommand"
    }
}
