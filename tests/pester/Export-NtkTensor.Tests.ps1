Describe 'Export-NtkTensor' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $data = "$fixtures/keras2/small_fcn/data.npz"
        $tensor = Import-NtkTensor $data -Name k0_all
    }

    It 'writes .<_> that reads back' -ForEach 'npy', 'npz', 'csv' {
        $tensor | Export-NtkTensor "$TestDrive/kernel.$_"
        $back = Import-NtkTensor "$TestDrive/kernel.$_"
        $back.Shape | Should -Be 5, 7
        Get-Difference $back $tensor | Should -BeLessThan 1e-15
    }

    It 'writes a whole tensor, its rows, and rows straight from a command, alike' {
        Export-NtkTensor -InputObject $tensor -Path "$TestDrive/whole.npy"
        @($tensor | ForEach-Object { $_ }) | Export-NtkTensor -Path "$TestDrive/rows.npy"
        Import-NtkTensor $data -Name k0_all | Export-NtkTensor -Path "$TestDrive/piped.npy"
        $bytes = foreach ($name in 'whole', 'rows', 'piped') { [Convert]::ToBase64String([System.IO.File]::ReadAllBytes("$TestDrive/$name.npy")) }
        $bytes[1] | Should -Be $bytes[0]
        $bytes[2] | Should -Be $bytes[0]
    }

    It 'keeps several tensors apart, by name, in an .npz' {
        Import-NtkTensor $data -Name x1, y1 | Export-NtkTensor "$TestDrive/both.npz"
        $both = Import-NtkTensor "$TestDrive/both.npz"
        $both.Name | Should -Be 'x1', 'y1'
        $both[0].Shape | Should -Be 5, 4, 4, 3
    }

    It 'overwrites, but not with -NoClobber' {
        $tensor | Export-NtkTensor "$TestDrive/again.npy"
        $tensor.Slice(0, 2) | Export-NtkTensor "$TestDrive/again.npy"
        (Import-NtkTensor "$TestDrive/again.npy").Shape | Should -Be 2, 7
        $thrown = { $tensor | Export-NtkTensor "$TestDrive/again.npy" -NoClobber } | Should -Throw -ErrorId 'FileExists,NtkPs.ExportNtkTensorCommand' -PassThru
        $thrown.CategoryInfo.Category | Should -Be 'ResourceExists'
    }

    It 'writes nothing with -WhatIf' {
        $tensor | Export-NtkTensor "$TestDrive/whatif.npy" -WhatIf
        "$TestDrive/whatif.npy" | Should -Not -Exist
    }

    It 'refuses an unknown extension, a folder that is not there, and several tensors for one .npy' {
        { $tensor | Export-NtkTensor "$TestDrive/kernel.txt" } | Should -Throw -ErrorId 'FormatNotRecognized,NtkPs.ExportNtkTensorCommand'
        { $tensor | Export-NtkTensor "$TestDrive/none/kernel.npy" } | Should -Throw -ErrorId '*,NtkPs.ExportNtkTensorCommand'
        { Import-NtkTensor $data -Name x1, y1 | Export-NtkTensor "$TestDrive/two.npy" } | Should -Throw -ErrorId '*,NtkPs.ExportNtkTensorCommand'
        "$TestDrive/two.npy" | Should -Not -Exist
    }
}
