Describe 'Import-NtkTensor' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $data = "$fixtures/keras2/small_fcn/data.npz"
    }

    It 'reads every array of an .npz, named' {
        $tensors = Import-NtkTensor $data
        $tensors.Name | Should -Contain 'x1'
        $tensors.Name | Should -Contain 'k7_all'
        $tensors | Should -BeOfType ([Ntk.NtkTensor])
    }

    It 'reads chosen arrays of an .npz' {
        (Import-NtkTensor $data -Name x1).Shape | Should -Be 5, 4, 4, 3
        (Import-NtkTensor "$data/x1").Shape | Should -Be 5, 4, 4, 3
        Import-NtkTensor $data -Name 'k?_all' | Should -HaveCount 8
    }

    It 'reads .npy of <type>' -ForEach @(
        @{ type = 'f4'; dtype = 'Float32' }, @{ type = 'f8'; dtype = 'Float64' }, @{ type = 'f8_big'; dtype = 'Float64' }
        @{ type = 'i4'; dtype = 'Int32' }, @{ type = 'i8_big'; dtype = 'Int64' }, @{ type = 'u1'; dtype = 'UInt8' }, @{ type = 'bool'; dtype = 'Bool' }
    ) {
        (Import-NtkTensor "$fixtures/tensors/$type.npy" -NoEnumerate).DType | Should -Be $dtype
    }

    It 'reads .csv with and without a header' {
        (Import-NtkTensor "$fixtures/tensors/plain.csv").Rank | Should -Be 2
        [System.IO.File]::WriteAllText("$TestDrive/header.csv", "a,b`n1,2`n3,4`n")
        $tensor = Import-NtkTensor "$TestDrive/header.csv"
        $tensor.Shape | Should -Be 2, 2
        $tensor[1, 0] | Should -Be 3
    }

    It 'emits rows into a pipeline, and the tensor with -NoEnumerate' {
        Import-NtkTensor $data -Name k0_all | ForEach-Object { $_ } | Should -HaveCount 5
        Import-NtkTensor $data -Name k0_all -NoEnumerate | ForEach-Object { $_.Count } | Should -Be 35
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'a path that does not exist'; make = { "$TestDrive/none.npy" }; id = 'PathNotFound' }
        @{ what = 'an unknown extension'; make = { $file = "$TestDrive/a.txt"; [System.IO.File]::WriteAllText($file, '1'); $file }; id = 'FormatNotRecognized' }
        @{ what = 'random bytes'; make = { $file = "$TestDrive/random.npy"; [System.IO.File]::WriteAllBytes($file, [byte[]](1..99)); $file }; id = 'FileCorrupt' }
        @{ what = 'a name that the archive lacks'; make = { "$data/none" }; id = 'TensorNotFound' }
    ) {
        { Import-NtkTensor (& $make) } | Should -Throw -ErrorId "$id,NtkPs.ImportNtkTensorCommand"
    }

    It 'lists the names there are where one is wrong' {
        { Import-NtkTensor $data -Name none } | Should -Throw '*x1*' -ErrorId 'TensorNotFound,NtkPs.ImportNtkTensorCommand'
    }

    It 'goes on with the other paths of a list' {
        $tensors = "$TestDrive/none.npy", "$fixtures/tensors/f4.npy" | Import-NtkTensor -ErrorVariable failed -ErrorAction SilentlyContinue
        $tensors | Should -Not -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'PathNotFound,NtkPs.ImportNtkTensorCommand'
    }
}
