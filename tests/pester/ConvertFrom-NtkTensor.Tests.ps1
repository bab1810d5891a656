Describe 'ConvertFrom-NtkTensor' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $tensor = Import-NtkTensor "$fixtures/keras2/small_fcn/data.npz" -Name k0_all
    }

    It 'gives a record an element, with its indices' {
        $records = $tensor | ConvertFrom-NtkTensor
        $records | Should -HaveCount 35
        $record = $records[7 + 3]
        $record.I0 | Should -Be 1
        $record.I1 | Should -Be 3
        $record.Value | Should -Be $tensor[1, 3]
    }

    It 'takes a whole tensor, and arrays' {
        ConvertFrom-NtkTensor $tensor | Should -HaveCount 35
        $records = ConvertFrom-NtkTensor ([double[]](1, 2, 3))
        $records | Should -HaveCount 3
        $records[2].Value | Should -Be 3
    }

    It 'keeps the index of a row that comes alone' {
        ($tensor | Where-Object { $_.'0' -eq $tensor[4, 0] } | ConvertFrom-NtkTensor)[0].I0 | Should -Be 4
    }

    It 'refuses what is no tensor' {
        { ConvertFrom-NtkTensor ([datetime]::Now) } | Should -Throw -ErrorId 'InvalidArgument,NtkPs.ConvertFromNtkTensorCommand'
    }
}
