Describe 'Invoke-NtkRegression' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $trainTrain = [double[, ]]::new(2, 2)
        $trainTrain[0, 0] = 2; $trainTrain[1, 1] = 2
        $testTrain = [double[, ]]::new(3, 2)
        $testTrain[0, 0] = 2; $testTrain[1, 1] = 2; $testTrain[2, 0] = 1; $testTrain[2, 1] = 0.5
    }

    It 'solves for targets' {
        $predictions = Invoke-NtkRegression $trainTrain $testTrain ([double[]](3, -4))
        $predictions | Should -HaveCount 3
        $predictions.Index | Should -Be 0, 1, 2
        [Math]::Round($predictions[0].Scores[0], 12) | Should -Be 3
        [Math]::Round($predictions[2].Scores[0], 12) | Should -Be 0.5
    }

    It 'classifies integer labels' {
        $predictions = Invoke-NtkRegression $trainTrain $testTrain ([int[]](0, 1))
        $predictions.Label | Should -Be 0, 1, 0
        $predictions[0].Scores | Should -HaveCount 2
    }

    It 'adds a ridge in units of the diagonal' {
        $prediction = Invoke-NtkRegression $trainTrain $testTrain ([double[]](3, -4)) -Ridge 1
        [Math]::Round($prediction[0].Scores[0], 12) | Should -Be 1.5
    }

    It 'takes the test kernel''s rows from the pipeline' {
        $case = "$fixtures/keras2/small_fcn"
        $model = Import-NtkModel "$case/saved_model"
        $square = Invoke-EmpiricalNtk $model "$case/data.npz/x1"
        $piped = Invoke-EmpiricalNtk $model "$case/data.npz/x2" "$case/data.npz/x1" | Invoke-NtkRegression -KernelTrainTrain $square -YTrain ([int[]](0, 1, 2, 3, 4)) -Ridge 1e-3
        $piped | Should -HaveCount 7
        $square | Invoke-NtkRegression -KernelTrainTrain $square -YTrain ([int[]](0, 1, 2, 3, 4)) -Ridge 1e-6 | ForEach-Object Label | Should -Be 0, 1, 2, 3, 4
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'kernels that do not fit'; kernel = { , [double[, ]]::new(3, 3) }; y = @(1.0, 2.0); id = 'ShapeMismatch' }
        @{ what = 'targets of another length'; kernel = { , $trainTrain }; y = @(1.0, 2.0, 3.0); id = 'ShapeMismatch' }
        @{ what = 'a singular kernel'; kernel = { , [double[, ]]::new(2, 2) }; y = @(1.0, 2.0); id = 'SingularSystem' }
    ) {
        { Invoke-NtkRegression (& $kernel) $testTrain ([double[]]$y) } | Should -Throw -ErrorId "$id,NtkPs.InvokeNtkRegressionCommand"
    }
}
