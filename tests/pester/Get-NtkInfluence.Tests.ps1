Describe 'Get-NtkInfluence' {
    BeforeAll {
        Import-Module Ntk
        $train = [NtkTensor]::FromArray([double[]](2, 1, 0, 1, 2, 1, 0, 1, 2), @(3, 3))
        $test = [NtkTensor]::FromArray([double[]](2, 1, 0, 0, 1, 2), @(2, 3))
        $labels = 'cat', 'dog', 'dog'
        $id = ',NtkPs.GetNtkInfluenceCommand'
    }

    It 'ranks training examples for each test example' {
        $influence = @(Get-NtkInfluence $train $test $labels -First 1)
        @($influence.TestIndex) | Should -Be @(0, 1)
        @($influence.TrainIndex) | Should -Be @(0, 2)
        @($influence.TrainLabel) | Should -Be @('cat', 'dog')
        [Math]::Round($influence[0].Weight, 10) | Should -Be 1
        [Math]::Round($influence[0].Contribution, 10) | Should -Be 0.5
    }

    It 'gives all, which filter, and takes rows' {
        $all = @($test | Get-NtkInfluence $train -YTrain $labels -All -Ridge 0.1)
        $all.Count | Should -Be 6
        @($all | Where-Object TrainLabel -EQ cat).Count | Should -Be 2
        @($all | Where-Object { $_.Rank -eq 1 }).Count | Should -Be 2
    }

    It 'leaves one out' {
        $left = @(Get-NtkInfluence $train -YTrain 0, 1, 1 -LeaveOneOut -Ridge 0.1)
        @($left.Index) | Should -Be @(0, 1, 2)
        $left[2].Predicted | Should -Be 1
        $left[2].Correct | Should -BeTrue
        $left[0].Residuals.Count | Should -Be 2
    }

    It 'says what does not fit' {
        { Get-NtkInfluence $train $test.Transpose() $labels } | Should -Throw '*other way round*' -ErrorId "ShapeMismatch$id"
        { Get-NtkInfluence $train -YTrain 0, 1 -LeaveOneOut } | Should -Throw '*-YTrain has 2 examples*' -ErrorId "ShapeMismatch$id"
        { Get-NtkInfluence $train.Multiply(0) -YTrain $labels -LeaveOneOut } | Should -Throw -ErrorId "SingularSystem$id"
    }
}
