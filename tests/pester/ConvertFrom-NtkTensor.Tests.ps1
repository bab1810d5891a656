Describe 'ConvertFrom-NtkTensor' {
    BeforeAll {
        Import-Module Ntk
        $tensor = [NtkTensor]::FromArray([int[]](1..6), @(3, 2))
    }

    It 'gives a record an element, whole or by rows' {
        $records = @(ConvertFrom-NtkTensor $tensor)
        $records.Count | Should -Be 6
        @($records[3].psobject.Properties.Name) | Should -Be @('I0', 'I1', 'Value')
        "$($records[3].I0) $($records[3].I1) $($records[3].Value)" | Should -Be '1 1 4'
        @($tensor | ConvertFrom-NtkTensor).Value | Should -Be @(1, 2, 3, 4, 5, 6)
    }

    It 'keeps a row''s own place' {
        @($tensor | Where-Object { $_.'0' -eq 5 } | ConvertFrom-NtkTensor).I0 | Should -Be @(2, 2)
    }

    It 'takes .NET arrays' {
        @(ConvertFrom-NtkTensor -InputObject ([double[]](1.5, 2.5))).Value | Should -Be @(1.5, 2.5)
    }
}
