Describe 'Export-NtkTensor' {
    BeforeAll {
        Import-Module Ntk
        $tensor = [NtkTensor]::FromArray([double[]](1..6), @(3, 2), 'a')
        $other = [NtkTensor]::FromArray([int[]](7, 8)).WithName('b')
    }

    It 'puts rows together again: <Extension>' -ForEach @(@{ Extension = 'npy' }, @{ Extension = 'npz' }, @{ Extension = 'csv' }, @{ Extension = 'safetensors' }, @{ Extension = 'parquet' }) {
        $tensor | Export-NtkTensor "$TestDrive/rows.$Extension"
        (Import-NtkTensor "$TestDrive/rows.$Extension" -NoEnumerate).Equals($tensor) | Should -BeTrue
    }

    It 'keeps the order of filtered and sorted rows' {
        $tensor[2], $tensor[0] | Export-NtkTensor "$TestDrive/some.npy"
        (Import-NtkTensor "$TestDrive/some.npy" -NoEnumerate).ToFlatArray() | Should -Be @(5, 6, 1, 2)
        $tensor | Where-Object { $_.'0' -gt 1 } | Export-NtkTensor "$TestDrive/some.npy"
        (Import-NtkTensor "$TestDrive/some.npy" -NoEnumerate).ToFlatArray() | Should -Be @(3, 4, 5, 6)
    }

    It 'writes tensors, rows, arrays and numbers' {
        $tensor, $other | Export-NtkTensor "$TestDrive/two.npz"
        @(Import-NtkTensor "$TestDrive/two.npz").Name | Should -Be @('a', 'b')
        1..4 | Export-NtkTensor "$TestDrive/numbers.npy"
        (Import-NtkTensor "$TestDrive/numbers.npy" -NoEnumerate).ToFlatArray() | Should -Be @(1, 2, 3, 4)
        Export-NtkTensor -InputObject @($tensor) -Path "$TestDrive/rows.npy"
        (Import-NtkTensor "$TestDrive/rows.npy" -NoEnumerate).Equals($tensor) | Should -BeTrue
        Export-NtkTensor "$TestDrive/array.npy" -InputObject ([float[, ]]::new(2, 3))
        (Import-NtkTensor "$TestDrive/array.npy" -NoEnumerate).Shape | Should -Be @(2, 3)
        [pscustomobject]@{ x = '1.5'; y = 2 }, [pscustomobject]@{ x = '3'; y = 4 } | Export-NtkTensor "$TestDrive/records.npy"
        (Import-NtkTensor "$TestDrive/records.npy" -NoEnumerate).ToFlatArray() | Should -Be @(1.5, 2, 3, 4)
    }

    It 'overwrites, but not with -NoClobber, and does nothing with -WhatIf' {
        $tensor | Export-NtkTensor "$TestDrive/kept.npy"
        $other | Export-NtkTensor "$TestDrive/kept.npy" -WhatIf
        { $other | Export-NtkTensor "$TestDrive/kept.npy" -NoClobber } | Should -Throw '*exists already*' -ErrorId 'FileExists,NtkPs.ExportNtkTensorCommand'
        (Import-NtkTensor "$TestDrive/kept.npy" -NoEnumerate).Equals($tensor) | Should -BeTrue
        $other | Export-NtkTensor "$TestDrive/kept.npy"
        (Import-NtkTensor "$TestDrive/kept.npy" -NoEnumerate).Equals($other) | Should -BeTrue
    }

    It 'says what is wrong: <Id>' -ForEach @(
        @{ Path = 'a.txt'; Id = 'FormatNotRecognized'; Words = "*'.txt'*" }
        @{ Path = 'no/folder/a.npy'; Id = 'PathNotFound'; Words = '*folder*does not exist*' }
        @{ Path = 'a.npy'; Id = 'InvalidArgument'; Words = '*2 were given*.npz*' }
    ) {
        { $tensor, $other | Export-NtkTensor "$TestDrive/$Path" } | Should -Throw $Words -ErrorId "$Id,NtkPs.ExportNtkTensorCommand"
    }

    It 'leaves no half-written file' {
        { 'x', 'y' | Export-NtkTensor "$TestDrive/half.npy" } | Should -Throw
        "$TestDrive/half.npy" | Should -Not -Exist
        @([System.IO.Directory]::GetFiles("$TestDrive", '*.tmp')).Count | Should -Be 0
    }
}
