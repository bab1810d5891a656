Describe 'Invoke-NtkPrediction' {
    BeforeAll {
        Import-Module Ntk
        $file = "$PSScriptRoot/../fixtures/predict/data.npz"
        $d = @{}
        Import-NtkTensor $file -NoEnumerate | ForEach-Object { $d[$_.Name] = $_ }
        $suffix = ',NtkPs.InvokeNtkPredictionCommand'
        function Get-Distance($Actual, $Expected) {
            $a, $e = $Actual.ToFlatArray(), $Expected.ToFlatArray()
            [System.Linq.Enumerable]::Max([double[]]@(for ($i = 0; $i -lt $e.Length; $i++) { [Math]::Abs($a[$i] - $e[$i]) }))
        }
    }

    It 'gives an object for each time' {
        $result = @(Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y -Time 0, 10, 100 -FxTrain0 $d.f -FxTest0 $d.ft)
        @($result.Time) | Should -Be @(0, 10, 100)
        $result[0].Train.Equals($d.f) | Should -BeTrue
        $result[0].Test.Equals($d.ft) | Should -BeTrue
        $result[2].Loss | Should -BeLessThan $result[1].Loss
        $result[0].Method | Should -Be 'GradientDescentMse'
    }

    It 'goes to the end of training without a time' {
        $result = Invoke-NtkPrediction $d.ntk_dd -YTrain $d.y
        [double]::IsPositiveInfinity($result.Time) | Should -BeTrue
        $result.Train.Equals($d.y) | Should -BeTrue
        $result.Test | Should -BeNullOrEmpty
    }

    It 'takes tensors, rows, arrays and files alike' {
        $tensor = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y -Time 3
        foreach ($k in @(@($d.ntk_dd), $d.ntk_dd.ToArray(), "$file/ntk_dd")) {
            (Invoke-NtkPrediction $k $d.ntk_td $d.y -Time 3).Test.Equals($tensor.Test) | Should -BeTrue
        }
    }

    It 'gives mean and covariance for each kernel asked for' {
        $arguments = @{ KernelTrainTrain = $d.ntk_dd; KernelTestTrain = $d.ntk_td; NngpTrainTrain = $d.nngp_dd; NngpTestTrain = $d.nngp_td; NngpTestTest = $d.nngp_tt; YTrain = $d.y }
        $result = @(Invoke-NtkPrediction -Method GPInference -Get nngp, ntk @arguments)
        @($result.Kernel) | Should -Be @('Nngp', 'Ntk')
        "$($result[0].Covariance.Shape)" | Should -Be '3 3'
        $result = @(Invoke-NtkPrediction -Method GradientDescentMseEnsemble -Get ntk -Time 1, 2 @arguments)
        $result.Count | Should -Be 2
        "$($result[0].Mean.Shape)" | Should -Be '3 2'
    }

    It 'integrates cross-entropy with momentum' {
        $plain = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.labels -Method GradientDescent -Loss CrossEntropy -Time 5
        $fast = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.labels -Method GradientDescent -Loss CrossEntropy -Time 5 -Momentum 0.9
        $plain.Train.ArgMax() | Should -Be $d.labels.ToFlatArray()
        $fast.Train.Equals($plain.Train) | Should -BeFalse
    }

    Context 'with a loss of one''s own' {
        BeforeAll {
            $flow = @{ Method = 'GradientDescent'; KernelTrainTrain = $d.ntk_dd; KernelTestTrain = $d.ntk_td }
            $mse = { param($f, $y) $f.Subtract($y).Divide($y.Count) }
            $crossEntropy = {
                param($f, $y)
                $gradient = [double[,]]::new($f.Shape[0], $f.Shape[1])
                for ($i = 0; $i -lt $f.Shape[0]; $i++) {
                    $sum = 0.0
                    for ($c = 0; $c -lt $f.Shape[1]; $c++) { $sum += [Math]::Exp($f[$i, $c]) }
                    for ($c = 0; $c -lt $f.Shape[1]; $c++) { $gradient[$i, $c] = ([Math]::Exp($f[$i, $c]) / $sum - $y[$i, $c]) / $y.Count }
                }
                , $gradient
            }
        }

        It 'is the squared error where that is its gradient, with momentum and at the end of training' {
            foreach ($more in @{ Time = 7 }, @{ Time = 7; Momentum = 0.5 }, @{}) {
                $known = Invoke-NtkPrediction @flow -YTrain $d.y @more
                $own = Invoke-NtkPrediction @flow -YTrain $d.y -LossGradient $mse @more
                Get-Distance $own.Test $known.Test | Should -BeLessThan 1e-6
                Get-Distance $own.Train $known.Train | Should -BeLessThan 1e-6
                [double]::IsNaN($own.Loss) | Should -BeTrue
            }
        }

        It 'is cross-entropy where that is its gradient' {
            $classes = [double[,]]::new($d.labels.Count, 2)
            for ($i = 0; $i -lt $d.labels.Count; $i++) { $classes[$i, $d.labels[$i]] = 1 }
            $known = Invoke-NtkPrediction @flow -YTrain $classes -Loss CrossEntropy -Time 5
            $own = Invoke-NtkPrediction @flow -YTrain $classes -LossGradient $crossEntropy -Time 5
            Get-Distance $own.Test $known.Test | Should -BeLessThan 1e-7
        }

        It 'follows f'' = -k f^3, whose solution is known' {
            $kernel = [NtkTensor]::FromArray([double[]](2, 0, 0, 0.5), @(2, 2))
            $quartic = { param($f) foreach ($value in $f.ToFlatArray()) { $value * $value * $value } }
            $result = Invoke-NtkPrediction $kernel -YTrain 0, 0 -FxTrain0 1, 3 -Method GradientDescent -LossGradient $quartic -Time 4
            $result.Train[0] | Should -BeGreaterThan (1 / [Math]::Sqrt(17) - 1e-7)
            $result.Train[0] | Should -BeLessThan (1 / [Math]::Sqrt(17) + 1e-7)
            $result.Train[1] | Should -BeGreaterThan (3 / [Math]::Sqrt(37) - 1e-7)
            $result.Train[1] | Should -BeLessThan (3 / [Math]::Sqrt(37) + 1e-7)
        }

        It 'sees the variables around it, and an error of its own is its own' {
            $scale = 1 / $d.y.Count
            $own = Invoke-NtkPrediction @flow -YTrain $d.y -LossGradient { param($f, $y) $f.Subtract($y).Multiply($scale) } -Time 2
            Get-Distance $own.Train (Invoke-NtkPrediction @flow -YTrain $d.y -Time 2).Train | Should -BeLessThan 1e-7
            { Invoke-NtkPrediction @flow -YTrain $d.y -LossGradient { throw 'no such loss' } -Time 2 } | Should -Throw '*no such loss*' -ErrorId 'no such loss'
        }

        It 'refuses <Words> as <Id>' -ForEach @(
            @{ Id = 'ShapeMismatch'; Words = '-LossGradient gave the shape'; More = @{ LossGradient = { 1, 2, 3 } } }
            @{ Id = 'ShapeMismatch'; Words = '-LossGradient gave nothing'; More = @{ LossGradient = { } } }
            @{ Id = 'InvalidArgument'; Words = '-LossGradient gave NaN or infinity'; More = @{ LossGradient = { param($f) $f.Multiply([double]::NaN) } } }
            @{ Id = 'InvalidArgument'; Words = '-LossGradient is $null'; More = @{ LossGradient = $null } }
            @{ Id = 'InvalidArgument'; Words = '-Loss and -LossGradient'; More = @{ LossGradient = { param($f) $f }; Loss = 'Mse' } }
            @{ Id = 'InvalidArgument'; Words = 'takes no -LossGradient'; More = @{ LossGradient = { param($f) $f }; Method = 'GradientDescentMse' } }
        ) {
            $all = @{} + $flow + @{ YTrain = $d.y; Time = 1 }
            foreach ($name in $More.Keys) { $all[$name] = $More[$name] }
            { Invoke-NtkPrediction @all } | Should -Throw "*$Words*" -ErrorId "$Id$suffix"
        }
    }

    It 'finds from the kernels which axes are traced' {
        (Invoke-NtkPrediction $d.full_dd $d.full_td $d.y -Time 1).Test.Equals((Invoke-NtkPrediction $d.full_dd $d.full_td $d.y -Time 1 -TraceAxis @()).Test) | Should -BeTrue
        (Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y1 -Time 1).Test.Shape | Should -Be 3
    }

    It 'warns of an ill-conditioned kernel' {
        $near = [NtkTensor]::FromArray([double[]](1, 0.99999999999, 0.99999999999, 1), @(2, 2))
        $null = Invoke-NtkPrediction $near $near ([double[]](1, 2)) -WarningVariable said -WarningAction SilentlyContinue
        "$said" | Should -BeLike '*condition number*-DiagReg*would help*'
    }

    It 'refuses <Words> as <Id>' -ForEach @(
        @{ Id = 'InvalidArgument'; Words = '-Time is $null'; Arguments = @{ Time = $null } }
        @{ Id = 'InvalidArgument'; Words = '-Momentum'; Arguments = @{ Momentum = 0.9 } }
        @{ Id = 'InvalidArgument'; Words = '-FxTrain0 is $null'; Arguments = @{ FxTrain0 = $null } }
        @{ Id = 'InvalidArgument'; Words = '-NngpTrainTrain'; Arguments = @{ Method = 'GPInference'; Get = 'Nngp' } }
        @{ Id = 'InvalidAxis'; Words = '-TraceAxis 5'; Arguments = @{ TraceAxis = 5 } }
        @{ Id = 'ShapeMismatch'; Words = '-FxTrain0'; Arguments = @{ FxTrain0 = 1, 2, 3 } }
    ) {
        { Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y @Arguments } | Should -Throw "*$Words*" -ErrorId "$Id$suffix"
    }

    It 'names a jitter for a singular kernel' {
        $same = [NtkTensor]::FromArray([double[]](1, 1, 1, 1), @(2, 2))
        { Invoke-NtkPrediction $same $same ([double[]](0, 1)) } | Should -Throw '*singular*-DiagReg*would do*' -ErrorId "SingularSystem$suffix"
    }

    It 'says when training never comes to rest' {
        { Invoke-NtkPrediction $d.ntk_dd -YTrain $d.labels -Method GradientDescent -Loss CrossEntropy } | Should -Throw '*Give -Time*' -ErrorId "NotConverged$suffix"
    }

    It 'survives Export-Clixml' {
        $result = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y -Time 3
        $back = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($result))
        $back.Time | Should -Be 3
        $back.Loss | Should -Be $result.Loss
        @($back.Train).Count | Should -Be 8
    }

    It 'measures time in steps of -LearningRate' {
        $one = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y -Time 6
        $half = Invoke-NtkPrediction $d.ntk_dd $d.ntk_td $d.y -Time 12 -LearningRate 0.5
        Get-Distance $half.Test $one.Test | Should -BeLessThan 1e-12
    }

    It 'takes -DiagReg in units of the diagonal''s mean, or of the kernel with -DiagRegAbsolute' {
        $kernel = [NtkTensor]::FromArray([double[]](4, 0, 0, 4), @(2, 2))
        $y = [double[]](1, 2)
        Get-Distance (Invoke-NtkPrediction $kernel $kernel $y -DiagReg 0.5).Test ([NtkTensor]::FromArray([double[]]((2 / 3), (4 / 3)))) | Should -BeLessThan 1e-12
        Get-Distance (Invoke-NtkPrediction $kernel $kernel $y -DiagReg 4 -DiagRegAbsolute).Test ([NtkTensor]::FromArray([double[]](0.5, 1))) | Should -BeLessThan 1e-12
    }

    It 'takes -KernelTestTest for a posterior''s covariance' {
        $one, $half = [NtkTensor]::FromArray([double[]](, 1), @(1, 1)), [NtkTensor]::FromArray([double[]](, 0.5), @(1, 1))
        $posterior = Invoke-NtkPrediction $one $half ([double[]](, 2)) -KernelTestTest $one -NngpTrainTrain $one -NngpTestTrain $half -NngpTestTest $one -Method GPInference -Get Nngp
        $posterior.Mean[0] | Should -Be 1
        $posterior.Covariance[0, 0] | Should -Be 0.75
        { Invoke-NtkPrediction $one $half ([double[]](, 2)) -KernelTestTest 1, 2 -Method GPInference -Get NtkGP } | Should -Throw '*-KernelTestTest*'
    }
}
