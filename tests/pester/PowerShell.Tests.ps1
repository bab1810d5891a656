# With PowerShell's other commands, which a PowerShell of core commands lacks.
Describe 'With PowerShell''s own commands' -Tag Utility {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $module = (Get-Module Ntk).ModuleBase
        $model = Import-NtkModel "$fixtures/keras2/small_fcn/model.keras"
        $x = Import-NtkTensor "$fixtures/keras2/small_fcn/data.npz/x1" -NoEnumerate
        $kernel = Invoke-EmpiricalNtk $model $x
        $labels = 0..($kernel.Shape[0] - 1)
        $small = [NtkTensor]::FromArray([double[]](2, 1, 1, 3), @(2, 2), 'small')
        $results = @{
            Tensor     = $kernel
            Model      = $model
            Parameter  = $model.Parameters[0]
            Plan       = Get-NtkPlan $model $x
            Spectrum   = Measure-NtkSpectrum $kernel
            Alignment  = Measure-NtkAlignment $kernel $labels
            Comparison = Compare-NtkKernel $kernel $kernel
            Regression = @(Invoke-NtkRegression $kernel $kernel $labels -Ridge 0.1)[0]
            Prediction = @(Invoke-NtkPrediction $small $small ([double[]](1, 2)) -Time 1)[0]
            Influence  = @(Get-NtkInfluence $kernel $kernel $labels -Ridge 0.1)[0]
        }
    }

    It 'makes JSON of a tensor''s elements: piped, whole, and within an object' {
        $small | ConvertTo-Json -Compress | Should -Be '[{"0":2.0,"1":1.0},{"0":1.0,"1":3.0}]'
        ConvertTo-Json $small -Compress | Should -Be '[{"0":2.0,"1":1.0},{"0":1.0,"1":3.0}]'
        [pscustomobject] @{ k = $small.Slice(1, 1) } | ConvertTo-Json -Compress | Should -Be '{"k":[{"0":1.0,"1":3.0}]}'
    }

    It 'writes <_> by Export-Clixml, and shows it alike when it is read back' -ForEach 'Model', 'Parameter', 'Plan', 'Spectrum', 'Alignment', 'Comparison', 'Regression', 'Prediction', 'Influence' {
        Export-Clixml -InputObject $results[$_] "$TestDrive/result.xml"
        $back = Import-Clixml "$TestDrive/result.xml"
        $back | Should -HaveCount 1
        $back | Out-String | Should -Be ($results[$_] | Out-String)
    }

    It 'writes arrays of numbers by Export-Csv as their numbers' {
        $results.Spectrum | Export-Csv "$TestDrive/spectrum.csv"
        $digits = { '{0:G12}' -f [double] $_ }
        -split (Import-Csv "$TestDrive/spectrum.csv").Eigenvalues | ForEach-Object $digits | Should -Be ($results.Spectrum.Eigenvalues | ForEach-Object $digits)
        $results.Alignment | Export-Csv "$TestDrive/alignment.csv"
        -split (Import-Csv "$TestDrive/alignment.csv").EigenvectorAlignment | ForEach-Object $digits | Should -Be ($results.Alignment.EigenvectorAlignment | ForEach-Object $digits)
    }

    It 'writes a prediction''s tensors by Export-Csv in full, a line for each time, and takes them back' {
        $long = [NtkTensor]::FromArray([double[]](1..60), @(60))
        $identity = [double[,]]::new(60, 60)
        foreach ($i in 0..59) { $identity[$i, $i] = 1 }
        $predictions = Invoke-NtkPrediction $identity -YTrain $long -Time 0, 2
        $predictions | Export-Csv "$TestDrive/prediction.csv"
        (Get-Content "$TestDrive/prediction.csv").Count | Should -Be 3
        $back = Import-Csv "$TestDrive/prediction.csv"
        @($back[0].PSObject.Properties.Name)[0..2] | Should -Be 'Method', 'Time', 'Loss'
        $train = $back[1].Train | ConvertFrom-Json
        $train | Should -Be $predictions[1].Train.ToFlatArray()
        # As a tensor again.
        (Invoke-NtkPrediction $identity -YTrain $train -Time 0).Train.Shape | Should -Be 60
        $predictions[1].Train | Should -HaveCount 60
        $predictions[1].Train.GetType().Name | Should -Be 'NtkTensor'
    }

    It 'writes shapes, inputs and outputs by Export-Csv as what they are' {
        $model | Get-NtkParameter | Select-Object -First 1 -ExcludeProperty Value | Export-Csv "$TestDrive/parameters.csv"
        (Import-Csv "$TestDrive/parameters.csv").Shape | Should -Be '48 64'
        $model | Export-Csv "$TestDrive/models.csv"
        (Import-Csv "$TestDrive/models.csv").Inputs | Should -Be 'input_1 (?, 4, 4, 3) Float32'
    }

    It 'takes what Import-Clixml and Import-Csv bring back for the tensor that it was' {
        Export-Clixml -InputObject $kernel "$TestDrive/kernel.xml"
        $kernel | Export-Csv "$TestDrive/kernel.csv"
        $trace = $results.Spectrum.Trace
        (Measure-NtkSpectrum (Import-Clixml "$TestDrive/kernel.xml")).Trace | Should -BeLessThan ($trace * 1.0001)
        (Import-Clixml "$TestDrive/kernel.xml" | Measure-NtkSpectrum).Trace | Should -BeGreaterThan ($trace * 0.9999)
        (Import-Csv "$TestDrive/kernel.csv" | Compare-NtkKernel $kernel).RelativeDistance | Should -BeLessThan 1e-6
    }

    It 'lets one model work in many runspaces at once' {
        $same = 1..6 | ForEach-Object -ThrottleLimit 3 -Parallel {
            Import-Module $using:module
            (Invoke-EmpiricalNtk $using:model $using:x).Equals($using:kernel)
        }
        $same | Should -Be @(1..6 | ForEach-Object { $true })
    }

    It 'works in a job' {
        $job = Start-Job -ArgumentList $module, $model.Path, "$fixtures/keras2/small_fcn/data.npz/x1" {
            param($Module, $Path, $X)
            Import-Module $Module
            Import-NtkModel $Path | Invoke-EmpiricalNtk $X
        }
        $rows = $job | Receive-Job -Wait -AutoRemoveJob
        $rows | Should -HaveCount $kernel.Shape[0]
        (Compare-NtkKernel $kernel $rows).RelativeDistance | Should -BeLessThan 1e-6
    }

    It 'selects, sorts and measures columns' {
        ($small | Sort-Object '0' | Select-Object -First 1).'1' | Should -Be 3
        ($small | Measure-Object '0' -Sum).Sum | Should -Be 3
        ($small | Select-Object '1').'1' | Should -Be @(1, 3)
    }

    It 'is named by approved verbs and says what it gives' {
        $approved = (Get-Verb).Verb
        foreach ($command in Get-Command -Module Ntk) {
            $approved | Should -Contain $command.Verb
            if ($command.Verb -ne 'Export') { @($command.OutputType).Count | Should -BeGreaterThan 0 }
        }
    }
}
