Describe 'NtkTensor' {
    BeforeAll {
        Import-Module Ntk
        $tensor = [NtkTensor]::FromArray([double[]](1..6), @(3, 2), 'a')
        $vector = [NtkTensor]::FromArray([float[]](1.5, 2.5, 3.5))
    }

    It 'is one object when assigned and rows when piped' {
        $tensor.GetType().FullName | Should -Be 'Ntk.NtkTensor'
        @($tensor | ForEach-Object { $_.'0' + $_.'1' }) | Should -Be @(3, 7, 11)
        @($vector | ForEach-Object Value) | Should -Be @(1.5, 2.5, 3.5)
    }

    It 'names the columns of higher ranks by their indices' {
        $cube = $tensor.Reshape(1, 3, 2)
        $cube | ForEach-Object { $_.'2,1' } | Should -Be 6
        @($cube[0].psobject.Properties.Name) | Should -Be @('0,0', '0,1', '1,0', '1,1', '2,0', '2,1')
    }

    It 'is indexed by row and by element, from either end' {
        $tensor[-1].'1' | Should -Be 6
        $tensor[1, 0] | Should -Be 3
        $tensor[-1, -1] | Should -Be 6
        $tensor[1][0] | Should -Be 3
    }

    It 'lets a row of one element stand for its number' {
        $vector[1] * 2 | Should -Be 5
        1 + $vector[0] | Should -Be 2.5
        $vector[1] -eq 2.5 | Should -BeTrue
        $vector[2] -gt 3 | Should -BeTrue
        [int]$vector[0] | Should -Be 2
    }

    It 'has arithmetic, slices and other shapes as methods' {
        $tensor.Add($tensor).Equals($tensor.Multiply(2)) | Should -BeTrue
        $tensor.Slice(1, 2).Shape | Should -Be @(2, 2)
        $tensor.Transpose()[1, 2] | Should -Be 6
        $tensor.ToArray()[2, 1] | Should -Be 6
        $tensor.ToFlatArray() | Should -Be @(1, 2, 3, 4, 5, 6)
    }

    It 'is one line of JSON with every digit' {
        $tensor.ToJson() | Should -Be '[[1,2],[3,4],[5,6]]'
        [NtkTensor]::FromArray([float[]](0.1, [float]::NaN), @(2)).ToJson() | Should -Be '[0.1,NaN]'
        [NtkTensor]::FromArray([double[]]((1 / 3), 1e300), @(1, 2)).ToJson() | Should -Be '[[0.3333333333333333,1E+300]]'
        [NtkTensor]::FromArray([bool[]]($true, $false), @(2, 1)).ToJson() | Should -Be '[[true],[false]]'
        $tensor.Slice(0, 0).ToJson() | Should -Be '[]'
    }

    It 'goes through Export-Csv as a table' -Tag Utility {
        $tensor | Export-Csv "$TestDrive/a.csv"
        Get-Content "$TestDrive/a.csv" | Should -Be @('"0","1"', '"1","2"', '"3","4"', '"5","6"')
        $back = Import-NtkTensor "$TestDrive/a.csv"
        $back.ToFlatArray() | Should -Be @(1, 2, 3, 4, 5, 6)
    }
}
