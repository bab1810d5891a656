Describe 'Get-NtkPlan' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/docstring_cnn"
        $model = Import-NtkModel "$case/model.keras"
        $x1, $x2 = "$case/data.npz/x1", "$case/data.npz/x2"
        $plan = Get-NtkPlan $model $x1 $x2
    }

    It 'has a step for each parameter, whose shares and the passes make the whole' {
        $plan.Steps.Parameter | Should -Be ($model.Parameters.Name -replace ':0$')
        $sum = $plan.PassFlops
        foreach ($step in $plan.Steps) { $sum += $step.Flops }
        [Math]::Abs($sum / $plan.Flops - 1) | Should -BeLessThan 1e-9
        $plan.Flops | Should -BeGreaterThan 1e9
    }

    It 'tells the shape of the kernel that is then computed' {
        $plan.Shape | Should -Be (Invoke-EmpiricalNtk $model $x1 $x2).Shape
        $full = Get-NtkPlan $model $x1 $x2 -TraceAxis @()
        $full.Shape | Should -Be 5, 20, 10, 10
        $full.KernelBytes | Should -Be (4 * 5 * 20 * 10 * 10)
    }

    It 'keeps to a forced method' {
        (Get-NtkPlan $model $x1 -Implementation JacobianContraction).Steps.Method | Should -Not -Contain 'StructuredDerivatives'
        (Get-NtkPlan $model $x1 -ParameterName *kernel -Implementation StructuredDerivatives).Steps.Method | Should -Not -Contain 'JacobianContraction'
        (Get-NtkPlan $model $x1 -Implementation NtkVectorProducts).Steps.Method | Should -Contain 'NtkVectorProducts'
    }

    It 'never plans more than it is allowed' {
        (Get-NtkPlan $model $x1 $x2 -MemoryLimit 64MB).Bytes | Should -BeLessThan 64MB
    }

    It 'takes smaller tiles and blocks under a smaller limit' {
        $small = Get-NtkPlan $model $x1 $x2 -MemoryLimit 16MB
        $small.BlockExamples | Should -BeLessThan $plan.BlockExamples
    }

    It 'is one object when assigned and its steps in a pipeline' {
        $plan | Should -BeOfType Ntk.NtkPlan
        Get-NtkPlan $model $x1 | ForEach-Object { $_.GetType().Name } | Should -Be (@('NtkPlanStep') * $model.Parameters.Count)
        Get-NtkPlan $model $x1 -NoEnumerate | ForEach-Object { $_.GetType().Name } | Should -Be 'NtkPlan'
    }

    It 'counts only the parameters asked for' {
        (Get-NtkPlan $model $x1 -ParameterName *bias).Flops | Should -BeLessThan (Get-NtkPlan $model $x1).Flops
    }

    It 'does without rules, goes forward, and parts the kernel, as it will be computed' {
        (Get-NtkPlan $model $x1 -JRules $false -SRules $false).Flops | Should -Not -Be (Get-NtkPlan $model $x1).Flops
        (Get-NtkPlan $model $x1 -Fwd $true).Steps.Count | Should -Be $plan.Steps.Count
        (Get-NtkPlan $model $x1 -PerParameter).KernelBytes | Should -BeGreaterThan (Get-NtkPlan $model $x1 -PerLayer).KernelBytes
        (Get-NtkPlan $model $x1 -PerLayer).KernelBytes | Should -BeGreaterThan (Get-NtkPlan $model $x1).KernelBytes
        (Get-NtkPlan $model $x1 -Precision Double).KernelBytes | Should -Be (2 * (Get-NtkPlan $model $x1).KernelBytes)
    }
}
