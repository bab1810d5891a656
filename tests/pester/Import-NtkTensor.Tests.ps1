Describe 'Import-NtkTensor' {
    BeforeAll {
        Import-Module Ntk
        $fixtures = [System.IO.Path]::GetFullPath("$PSScriptRoot/../fixtures/tensors")
        $cube = "$fixtures/version1.npy"
    }

    It 'reads a .npy, named after its file' {
        $tensor = Import-NtkTensor $cube
        $tensor.Describe() | Should -Be 'version1 float32 (2, 3, 4)'
        $tensor[1, 2, 3] | Should -Be 23
    }

    It 'reads every array of an .npz, or those named' {
        @(Import-NtkTensor "$fixtures/stored.npz").Name | Should -Be @('x', 'y', 'layer/kernel')
        @(Import-NtkTensor "$fixtures/stored.npz" -Name 'l*', y).Name | Should -Be @('layer/kernel', 'y')
        (Import-NtkTensor "$fixtures/stored.npz/y" -NoEnumerate).Count | Should -Be 5
    }

    It 'reads .safetensors by name, and .parquet tables' {
        @(Import-NtkTensor "$fixtures/python.safetensors" -Name 'f*', u8).Name | Should -Be @('f64', 'f32', 'f16', 'u8')
        (Import-NtkTensor "$fixtures/python.safetensors/f32" -NoEnumerate).ToFlatArray() | Should -Be @(0, 0.5, 1, 1.5, 2, 2.5)
        (Import-NtkTensor "$fixtures/arrow.parquet" -NoEnumerate).Describe() | Should -Be 'arrow float64 (5, 3)'
    }

    It 'emits one tensor as rows within a pipeline, several whole' {
        @(Import-NtkTensor $cube | ForEach-Object { $_.GetType().Name }) | Should -Be @('NtkTensorRow', 'NtkTensorRow')
        @(Import-NtkTensor $cube -NoEnumerate | ForEach-Object { $_.GetType().Name }) | Should -Be 'NtkTensor'
        @(Import-NtkTensor $cube -NoEnumerate:$false).Count | Should -Be 2
        @(Import-NtkTensor $cube, $cube | ForEach-Object { $_.GetType().Name }) | Should -Be @('NtkTensor', 'NtkTensor')
    }

    It 'matches wildcards, and takes a literal path as it is' {
        @(Import-NtkTensor "$fixtures/version?.npy").Count | Should -Be 3
        [System.IO.File]::Copy($cube, "$TestDrive/a[1].npy")
        (Import-NtkTensor -LiteralPath "$TestDrive/a[1].npy").Name | Should -Be 'a[1]'
    }

    It 'goes on after a bad item of a list' {
        $tensors = @(Import-NtkTensor "$fixtures/none.npy", $cube, "$fixtures/text.npy" -ErrorVariable problems -ErrorAction SilentlyContinue)
        $tensors.Count | Should -Be 1
        @($problems.FullyQualifiedErrorId) | Should -Be @('PathNotFound,NtkPs.ImportNtkTensorCommand', 'DTypeMismatch,NtkPs.ImportNtkTensorCommand')
    }

    It 'says what is wrong: <Id>' -ForEach @(
        @{ File = 'none.npy'; Id = 'PathNotFound'; Words = "*none.npy' does not exist*" }
        @{ File = 'README.md'; Id = 'FormatNotRecognized'; Words = "*'.md' is none of .npy, .npz, .safetensors, .csv or .parquet*" }
        @{ File = 'text.npy'; Id = 'DTypeMismatch'; Words = "*text.npy*'<U2'*" }
        @{ File = 'stored.npz/z'; Id = 'TensorNotFound'; Words = "*no array 'z'*x, y, layer/kernel*" }
    ) {
        { Import-NtkTensor "$fixtures/$File" -ErrorAction Stop } | Should -Throw $Words -ErrorId "$Id,NtkPs.ImportNtkTensorCommand"
    }

    It 'refuses a file that was cut off' {
        $bytes = [System.IO.File]::ReadAllBytes($cube)
        [System.IO.File]::WriteAllBytes("$TestDrive/cut.npy", $bytes[0..($bytes.Length - 9)])
        { Import-NtkTensor "$TestDrive/cut.npy" } | Should -Throw '*cut.npy*was it cut off*' -ErrorId 'FileCorrupt,NtkPs.ImportNtkTensorCommand'
    }
}
