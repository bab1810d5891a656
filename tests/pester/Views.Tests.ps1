# What a user sees at the prompt, compared as text. The formatting engine is PowerShell's own, reached through Out-Default's text.
Describe 'Views' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $root = "$fixtures/keras2"
        $model = Import-NtkModel "$root/small_fcn/model.keras"
        $shell = [System.IO.Path]::GetFullPath("$PSScriptRoot/../../out/shell/NtkPs.Shell.dll")
        $module = (Get-Module Ntk).ModuleBase
        # What commands show where they are typed, without the lines' ends.
        function Get-Shown([string]$Command) {
            $lines = & dotnet $shell -NonInteractive -Command "Import-Module '$module'; `$root = '$root'; $Command"
            $lines | ForEach-Object { $_.TrimEnd() } | Where-Object { $_ -ne '' }
        }
    }

    It 'shows a model in a line, with its inputs, outputs and counts below' {
        Get-Shown 'Import-NtkModel $root/small_fcn/model.keras' | Should -Be @(
            "model  Keras  $root/small_fcn/model.keras"
            '  input       input_1 (?, 4, 4, 3) Float32'
            '  output      dense_2 (?, 10) Float32'
            '  parameters  7,946 (7,946 trainable) in 6 variables')
    }

    It 'shows parameters as a table' {
        $lines = Get-Shown 'Import-NtkModel $root/small_fcn/model.keras | Get-NtkParameter dense/*'
        $lines[0] | Should -Match '^Name\s+Shape\s+Count\s+DType\s+Trainable$'
        $lines[2] | Should -Match '^dense/kernel\s+\(48, 64\)\s+3,072\s+Float32\s+True$'
        $lines[3] | Should -Match '^dense/bias\s+\(64,\)\s+64\s+Float32\s+True$'
        $lines.Count | Should -Be 4
    }

    It 'shows a tensor with name, type, shape and a corner' {
        Get-Shown ', [NtkTensor]::FromArray([double[]](1..6), @(3, 2), "a")' | Should -Be @('a float64 (3, 2)', '[[1 2]', ' [3 4]', ' [5 6]]')
        $large = Get-Shown ', [NtkTensor]::FromArray([float[]]::new(400000), @(200, 2000), "k")'
        $large[0] | Should -Be 'k float32 (200, 2000)'
        $large[1] | Should -Be '[[0 0 0 … 0 0 0]'
        $large.Count | Should -Be 8
    }

    It 'never shows a screenful' {
        @(Get-Shown ', [NtkTensor]::FromArray([float[]]::new(32 * 8 * 8 * 3 * 4), @(32, 8, 8, 3, 4))').Count | Should -BeLessThan 22
        @(Get-Shown 'Import-NtkTensor $root/small_fcn/data.npz/x1').Count | Should -BeLessThan 22
    }

    It 'shows rows a line each' {
        $lines = Get-Shown '[NtkTensor]::FromArray([double[]](1..30), @(2, 15)) | ForEach-Object { $_ }'
        $lines | Should -Be @('     0  1 2 3 … 13 14 15', '     1  16 17 18 … 28 29 30')
    }

    It 'shows what comes mixed, each in its own view' {
        $lines = Get-Shown '$m = Import-NtkModel $root/small_fcn/model.keras; $m; $m.Parameters[0]; , [NtkTensor]::FromArray(@(1, 2), @(2))'
        $lines[0] | Should -BeLike 'model  Keras*'
        @($lines | Where-Object { $_ -like '*dense/kernel*' }).Count | Should -Be 1
        $lines[-1] | Should -Be '[1 2]'
    }

    It 'says of a disposed tensor that it is' {
        Get-Shown '$t = [NtkTensor]::FromArray(@(1, 2), @(2), "gone"); $t.Dispose(); , $t' | Should -Be 'gone int32 (2,) (disposed)'
        Get-Shown '$t = [NtkTensor]::FromArray(@(1, 2), @(2)); $r = $t[0]; $t.Dispose(); $r' | Should -Be '     0  (disposed)'
        $tensor = Import-NtkTensor "$root/small_fcn/data.npz/x1"
        $tensor.Dispose()
        { Invoke-NtkModel $model $tensor } | Should -Throw "*'x1'*was disposed*" -ErrorId 'InvalidArgument,NtkPs.InvokeNtkModelCommand'
        { ConvertFrom-NtkTensor $tensor } | Should -Throw '*was disposed*' -ErrorId 'InvalidArgument,NtkPs.ConvertFromNtkTensorCommand'
    }

    It 'sends rows down the pipeline as they are made' {
        $file = "$TestDrive/long.npy"
        Export-NtkTensor -InputObject ([NtkTensor]::FromArray([byte[]]::new(500000))) $file
        $before = [System.GC]::GetTotalAllocatedBytes()
        try { Import-NtkTensor $file | ForEach-Object { $script:bytes = [System.GC]::GetTotalAllocatedBytes() - $before; throw 'enough' } } catch { $_.Exception.Message | Should -Be 'enough' }
        # Rows that waited in a queue would take some 24 bytes each, twice.
        $bytes | Should -BeLessThan 6MB
    }
}
