Describe 'Invoke-NtkRegression' {
    BeforeAll {
        Import-Module Ntk
        $train = [NtkTensor]::FromArray([double[]](2, 1, 0, 1, 2, 1, 0, 1, 2), @(3, 3))
        $test = [NtkTensor]::FromArray([double[]](2, 1, 0, 0, 1, 2), @(2, 3))
    }

    It 'predicts labels with scores' {
        $predictions = @(Invoke-NtkRegression -KernelTrainTrain $train -KernelTestTrain $test -YTrain 0, 1, 1)
        @($predictions.Label) | Should -Be @(0, 1)
        @($predictions.Index) | Should -Be @(0, 1)
        $predictions[0].Scores[0] | Should -BeGreaterThan 0.4999
        $predictions[0].Scores.Count | Should -Be 2
    }

    It 'takes rows, through the pipeline too, and shrinks by the ridge' {
        $plain = @($test | Invoke-NtkRegression -KernelTrainTrain @($train) -YTrain ([double[]](1, 0, -1)))
        $plain[0].Scores[0] | Should -BeGreaterThan 0.9999
        $plain[0].Label | Should -BeNullOrEmpty
        $shrunk = @(Invoke-NtkRegression $train $test ([double[]](1, 0, -1)) -Ridge 1)
        $shrunk[0].Scores[0] | Should -BeLessThan 0.6
    }

    It 'names a ridge that helps a singular kernel' {
        $same = [NtkTensor]::FromArray([double[]](1, 1, 1, 1), @(2, 2))
        { Invoke-NtkRegression $same $same 0, 1 } | Should -Throw '*singular*-Ridge*would do*' -ErrorId 'SingularSystem,NtkPs.InvokeNtkRegressionCommand'
    }

    It 'says which argument does not fit' {
        { Invoke-NtkRegression $train $test.Transpose() 0, 1, 1 } | Should -Throw '*-KernelTestTrain*other way round*' -ErrorId 'ShapeMismatch,NtkPs.InvokeNtkRegressionCommand'
        { Invoke-NtkRegression $train $test 0, 1 } | Should -Throw '*-YTrain*' -ErrorId 'ShapeMismatch,NtkPs.InvokeNtkRegressionCommand'
    }
}
