Describe 'Completion' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $keras = "$fixtures/keras2"
        $model = Import-NtkModel "$keras/small_fcn/model.keras"
        $two = Import-NtkModel "$keras/two_outputs/model.keras"
        # The texts that a Tab at the end of the line offers.
        function Get-Completion([string]$Line) {
            (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText
        }
    }

    It 'names the parameters of the model in <Line>' -ForEach @(
        @{ Line = 'Get-NtkParameter $model -Name ' }
        @{ Line = 'Get-NtkParameter -Model $model -Name ' }
        @{ Line = '$model | Get-NtkParameter -Name ' }
        @{ Line = '$model | Get-NtkParameter ' }
        @{ Line = 'Get-NtkParameter -Model $model ' }
        @{ Line = 'Invoke-EmpiricalNtk $model $x -ParameterName ' }
        @{ Line = 'Invoke-NtkRegression -Model $model -ParameterName ' }
        @{ Line = '$model | Invoke-EmpiricalNtk -X1 $x -ParameterName ' }
        @{ Line = 'Import-NtkModel $keras/small_fcn/model.keras | Get-NtkParameter -Name ' }
        @{ Line = '(Import-NtkModel $keras/small_fcn/model.keras) | Get-NtkParameter -Name ' }
    ) {
        $names = @($model.Parameters.Name)
        Get-Completion $Line.Replace('$keras', $keras) | Should -Be $names
    }

    It 'finds the model that a variable will hold' {
        Get-Completion "`$later = Import-NtkModel '$keras/small_fcn/model.keras'; Get-NtkParameter `$later -Name " | Should -Be @($model.Parameters.Name)
    }

    It 'matches the beginning of a name, else its inside, without regard to case' {
        $first = $model.Parameters[0].Name
        Get-Completion "Get-NtkParameter `$model -Name $($first.Substring(0, 4).ToUpperInvariant())" | Should -Contain $first
        Get-Completion 'Get-NtkParameter $model -Name BIAS' | Should -Be @($model.Parameters.Name | Where-Object { $_ -like '*bias*' })
        Get-Completion "Get-NtkParameter `$model -Name '$first" | Should -Contain $first
    }

    It 'names only what can be summed over' {
        $normalized = Import-NtkModel "$keras/mini_resnet/model.keras"
        $moving = @($normalized.Parameters | Where-Object { -not $_.Trainable }).Count
        $all = $normalized.Parameters.Count
        @(Get-Completion 'Invoke-EmpiricalNtk $normalized $x -ParameterName ').Count | Should -Be ($all - $moving)
        @(Get-Completion 'Invoke-EmpiricalNtk $normalized $x -IncludeNonTrainable -ParameterName ').Count | Should -Be $all
        @(Get-Completion 'Get-NtkParameter $normalized -Name ').Count | Should -Be $all
    }

    It 'names the outputs' {
        Get-Completion 'Invoke-NtkModel $two $x -Output ' | Should -Be @($two.Outputs.Name)
        Get-Completion 'Invoke-NtkRegression -Model $two -Output ' | Should -Be @($two.Outputs.Name)
        Get-Completion "Invoke-EmpiricalNtk `$two `$x -Output $($two.Outputs[0].Name), " | Should -Be @($two.Outputs.Name)
    }

    It 'counts the output''s axes from the end, or from the front' {
        Get-Completion 'Invoke-EmpiricalNtk $model $x -TraceAxis ' | Should -Be @('-1', '-2')
        Get-Completion 'Invoke-EmpiricalNtk $model $x -DiagonalAxes 1' | Should -Be @('1')
        $tip = (TabExpansion2 'Invoke-EmpiricalNtk $model $x -TraceAxis ' 41).CompletionMatches[0].ToolTip
        $tip | Should -BeLike "axis 1 of 10 of $($model.Outputs[0].Name)*"
    }

    It 'knows implementations, precisions and the words for the batch axis' {
        Get-Completion 'Invoke-EmpiricalNtk $model $x -Implementation ' | Should -Contain 'StructuredDerivatives'
        Get-Completion 'Invoke-EmpiricalNtk $model $x -Precision D' | Should -Be @('Double')
        Get-Completion 'Invoke-EmpiricalNtk $model $x -VmapAxis ' | Should -Be @('Auto', 'None', '0', '0,0')
    }

    It 'names the signatures and inputs of the file at hand' {
        $folder = "$keras/small_fcn/saved_model"
        Get-Completion "Import-NtkModel '$folder' -Signature " | Should -Contain 'serving_default'
        Get-Completion "Import-NtkModel -LiteralPath '$folder' -Signature " | Should -Contain 'serving_default'
        $function = "$keras/function_f1/saved_model"
        Get-Completion "Import-NtkModel '$function' -ParameterInput " | Should -Be @((Import-NtkModel $function).Inputs.Name)
    }

    It 'names the nodes that a graph can be cut at' {
        $graph = [System.IO.Directory]::GetFiles("$keras/frozen_graph", '*.pb')[0]
        $nodes = @(Get-Completion "Import-NtkModel '$graph' -OutputTensor ")
        $nodes.Count | Should -BeGreaterThan 5
        $plain = Import-NtkModel $graph
        $nodes | Should -Contain $plain.Outputs[0].Name
        $nodes | Should -Contain $plain.Inputs[0].Name
        (Get-Completion "Import-NtkModel '$keras/small_fcn/saved_model' -InputTensor StatefulPartitionedCall/") | Where-Object { $_ -like '*MatMul' } | Should -Not -BeNullOrEmpty
    }

    It 'names the arrays of an .npz' {
        $data = "$keras/small_fcn/data.npz"
        $arrays = @((Import-NtkTensor $data).Name)
        Get-Completion "Import-NtkTensor '$data' -Name " | Should -Be $arrays
        Get-Completion "Import-NtkTensor '$data' " | Should -Be $arrays
        Get-Completion "Invoke-EmpiricalNtk `$model -X1 $data" | Should -Contain "$data/x1"
        Get-Completion "Invoke-EmpiricalNtk `$model -X1 '$data/x" | Should -Be @($arrays | Where-Object { $_ -like 'x*' } | ForEach-Object { "$data/$_" })
    }

    It 'offers files of tensors and folders for a tensor, from the session''s location' {
        $path = $ExecutionContext.SessionState.Path
        $here = "$PWD"
        $null = $path.SetLocation("$keras/small_fcn")
        try {
            $found = Get-Completion 'Invoke-NtkModel $model -X ./'
            $found | Where-Object { $_ -like '*data.npz' } | Should -Not -BeNullOrEmpty
            $found | Where-Object { $_ -like '*model.keras' } | Should -BeNullOrEmpty
            Get-Completion 'Import-NtkModel mod' | Should -Be @('model.h5', 'model.keras')
            Get-Completion 'Invoke-NtkModel $model -X data.npz/x1' | Should -Contain 'data.npz/x1'
        }
        finally { $null = $path.SetLocation($here) }
    }

    It 'offers images and folders for an image' {
        Get-Completion "Import-NtkImage $fixtures/images/" | Should -Be @("$fixtures/images/a_rgb.png", "$fixtures/images/b_rgba.png", "$fixtures/images/more")
    }

    It 'is quiet where nothing is known: <Line>' -ForEach @(
        @{ Line = 'Get-NtkParameter -Name ' }
        @{ Line = 'Get-NtkParameter $nothing -Name ' }
        @{ Line = 'Invoke-EmpiricalNtk $model $x -Output zzz' }
        @{ Line = 'Import-NtkModel -Signature zzz' }
        @{ Line = 'Import-NtkModel /no/such/file -Signature zzz' }
        @{ Line = 'Import-NtkModel nodrive:/a -OutputTensor zzz' }
        @{ Line = 'Import-NtkTensor /no/such.npz -Name zzz' }
        @{ Line = 'Import-NtkModel $keras/small_fcn/data.npz | Get-NtkParameter -Name ' }
    ) {
        $before = $Error.Count
        $found = Get-Completion $Line.Replace('$keras', $keras)
        @($found | Where-Object { $_ -like '*zzz*' -or $_ -like 'dense*' }).Count | Should -Be 0
        $Error.Count | Should -Be $before
    }

    It 'notices that a file has changed' {
        $file = "$TestDrive/a.npz"
        [NtkTensor]::FromArray(@(1, 2), @(2), 'one') | Export-NtkTensor $file
        Get-Completion "Import-NtkTensor '$file' -Name " | Should -Be @('one')
        [NtkTensor]::FromArray(@(1, 2, 3), @(3), 'other') | Export-NtkTensor $file
        Get-Completion "Import-NtkTensor '$file' -Name " | Should -Be @('other')
    }
}
