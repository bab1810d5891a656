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

    It 'takes labels that are text, with the score of each class' {
        $predictions = @(Invoke-NtkRegression $train $test 'cat', 'dog', 'dog')
        @($predictions.Label) | Should -Be @('cat', 'dog')
        $predictions[1].Scores['dog'] | Should -Be $predictions[1].Score
        $predictions[1].Scores['cat'] | Should -BeLessThan 0
        "$($predictions[1])" | Should -BeLike '1: dog (*'
        "$($predictions[1].Scores.ToString())" | Should -BeLike 'cat=* dog=*'
    }

    It 'chooses the ridge by cross-validation' {
        $points = foreach ($i in 0..11) { $i / 2 }
        $kernel = [NtkTensor]::FromArray([double[]] @(foreach ($a in $points) { foreach ($b in $points) { [Math]::Exp(-($a - $b) * ($a - $b)) } }), @(12, 12))
        $labels = foreach ($a in $points) { if ($a -lt 3) { 'low' } else { 'high' } }
        $said = @(Invoke-NtkRegression $kernel $kernel $labels -CrossValidate -Fold 3 -RidgeCandidate 1e-4, 1e-2, 1 -Verbose 4>&1)
        @($said | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }).Count | Should -Be 3
        $predictions = @($said | Where-Object { $_ -is [Ntk.NtkRegressionPrediction] })
        @($predictions.Label) | Should -Be $labels
        $predictions[0].Ridge | Should -BeIn 1e-4, 1e-2, 1
        { Invoke-NtkRegression $kernel $kernel $labels -CrossValidate -Ridge 1 } | Should -Throw '*-Ridge*' -ErrorId 'InvalidArgument,NtkPs.InvokeNtkRegressionCommand'
        { Invoke-NtkRegression $kernel $kernel $labels -CrossValidate -Fold 99 } | Should -Throw '*-Fold*' -ErrorId 'InvalidArgument,NtkPs.InvokeNtkRegressionCommand'
    }

    It 'solves by conjugate gradients' {
        $points = foreach ($i in 0..19) { $i / 2 }
        $kernel = [NtkTensor]::FromArray([double[]] @(foreach ($a in $points) { foreach ($b in $points) { [Math]::Exp(-($a - $b) * ($a - $b)) } }), @(20, 20))
        $direct = @(Invoke-NtkRegression $kernel $kernel ([double[]]$points) -Ridge 0.01)
        $said = @(Invoke-NtkRegression $kernel $kernel ([double[]]$points) -Ridge 0.01 -Solver ConjugateGradient -PreconditionerRank 5 -Tolerance 1e-9 -Verbose 4>&1)
        "$($said | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })" | Should -BeLike 'Conjugate gradients: * products*relative residual*'
        [Math]::Abs($said[-1].Score - $direct[-1].Score) | Should -BeLessThan 1e-6
        { Invoke-NtkRegression $kernel $kernel ([double[]]$points) -PreconditionerRank 5 } | Should -Throw '*-Solver ConjugateGradient*' -ErrorId 'InvalidArgument,NtkPs.InvokeNtkRegressionCommand'
        { Invoke-NtkRegression $kernel $kernel ([double[]]$points) -Solver ConjugateGradient -CrossValidate } | Should -Throw '*-CrossValidate*' -ErrorId 'InvalidArgument,NtkPs.InvokeNtkRegressionCommand'
    }

    It 'gives up after -MaxIteration, and says so; draws the same with the same -Seed' {
        $points = 0..39 | ForEach-Object { $_ / 4 }
        $kernel = [NtkTensor]::FromArray([double[]] @(foreach ($a in $points) { foreach ($b in $points) { [Math]::Exp(-[Math]::Abs($a - $b)) } }), @(40, 40))
        $y = [double[]]@($points | ForEach-Object { [Math]::Sin($_) })
        $null = Invoke-NtkRegression $kernel $kernel $y -Solver ConjugateGradient -PreconditionerRank 0 -MaxIteration 2 -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*products, not to*-MaxIteration*'
        $once, $twice = foreach ($i in 1, 2) { , @(Invoke-NtkRegression $kernel $kernel $y -CrossValidate -Fold 4 -Seed 3) }
        $once[0].Ridge | Should -Be $twice[0].Ridge
        @($once.Score) | Should -Be @($twice.Score)
    }

    Context 'from a model' {
        BeforeAll {
            $model = Import-NtkModel "$PSScriptRoot/../fixtures/keras2/small_fcn/model.keras"
            $x = Import-NtkTensor "$PSScriptRoot/../fixtures/keras2/small_fcn/data.npz" -Name x1 -NoEnumerate
            $x2 = Import-NtkTensor "$PSScriptRoot/../fixtures/keras2/small_fcn/data.npz" -Name x2 -NoEnumerate
            $labels = @(foreach ($i in 1..$x.Shape[0]) { ('cat', 'dog')[$i % 2] })
        }

        It 'is regression with its kernels' {
            $own = @(Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -Ridge 0.1 -Precision Double)
            $kernels = @(Invoke-NtkRegression (Invoke-EmpiricalNtk $model $x -Precision Double) (Invoke-EmpiricalNtk $model $x2 $x -Precision Double) $labels -Ridge 0.1)
            @($own.Label) | Should -Be @($kernels.Label)
            $own[0].Score | Should -Be $kernels[0].Score
            $own[0].Model | Should -Be $model.Name
        }

        It 'solves without the kernel' {
            $own = @(Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -Ridge 0.1 -Precision Double)
            $iterated = @(Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -Ridge 0.1 -Precision Double -Solver ConjugateGradient)
            [Math]::Abs($own[0].Score - $iterated[0].Score) | Should -BeLessThan 1e-5
        }

        It 'takes chosen parameters and outputs, and the limits of a kernel' {
            $chosen = @{ ParameterName = 'dense*/kernel'; Output = $model.Outputs[0].Name; IncludeNonTrainable = $true; MemoryLimit = 64MB }
            $own = @(Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -Ridge 0.1 -Precision Double @chosen)
            $k, $kt = (Invoke-EmpiricalNtk $model $x -ParameterName 'dense*/kernel' -Precision Double), (Invoke-EmpiricalNtk $model $x2 $x -ParameterName 'dense*/kernel' -Precision Double)
            [Math]::Abs($own[0].Score - @(Invoke-NtkRegression $k $kt $labels -Ridge 0.1)[0].Score) | Should -BeLessThan 1e-9
            { Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -Output nope } | Should -Throw "*no output 'nope'*" -ErrorId 'OutputNotFound,NtkPs.InvokeNtkRegressionCommand'
            { Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain $labels -MemoryLimit 1KB } | Should -Throw -ErrorId 'MemoryLimitTooSmall,NtkPs.InvokeNtkRegressionCommand'
        }

        It 'takes several models through the pipeline' {
            @($model, $model | Invoke-NtkRegression -XTrain $x -XTest $x2 -YTrain $labels -Ridge 0.1).Count | Should -Be (2 * $x2.Shape[0])
        }

        It 'says when labels and examples differ in number' {
            { Invoke-NtkRegression -Model $model -XTrain $x -XTest $x2 -YTrain 0, 1 } | Should -Throw '*-YTrain has 2 examples*' -ErrorId 'ShapeMismatch,NtkPs.InvokeNtkRegressionCommand'
        }
    }
}
