Describe 'Arguments' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $root = "$fixtures/keras2"
        $model = Import-NtkModel "$root/small_fcn/model.keras"
        $x = Import-NtkTensor "$root/small_fcn/data.npz/x1"
        $bias = $model.Parameters[1]
    }

    It 'refuses what is empty or $null where something was meant: <What>' -ForEach @(
        @{ What = '-ParameterName $null'; Call = { Invoke-EmpiricalNtk $model $x -ParameterName $null }; Id = 'ParameterArgumentValidationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = '-ParameterName @()'; Call = { Invoke-EmpiricalNtk $model $x -ParameterName @() }; Id = 'ParameterArgumentValidationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = '-Output @()'; Call = { Invoke-EmpiricalNtk $model $x -Output @() }; Id = 'ParameterArgumentValidationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = '-OutputIndex @()'; Call = { Invoke-EmpiricalNtk $model $x -OutputIndex @() }; Id = 'ParameterArgumentTransformationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = '-OutputIndex 1.5'; Call = { Invoke-EmpiricalNtk $model $x -OutputIndex 1.5 }; Id = 'ParameterArgumentTransformationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = '-VmapAxis foo'; Call = { Invoke-EmpiricalNtk $model $x -VmapAxis foo }; Id = 'ParameterArgumentTransformationError,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = 'an empty path'; Call = { Invoke-EmpiricalNtk $model '' }; Id = 'InvalidArgument,NtkPs.InvokeEmpiricalNtkCommand' }
        @{ What = 'Get-NtkParameter -Name $null'; Call = { Get-NtkParameter $model -Name $null }; Id = 'InvalidArgument,NtkPs.GetNtkParameterCommand' }
        @{ What = 'an array''s name twice'; Call = { Import-NtkTensor "$root/small_fcn/data.npz/x1" -Name x2 }; Id = 'InvalidArgument,NtkPs.ImportNtkTensorCommand' }
    ) {
        $Call | Should -Throw -ErrorId $Id
    }

    It 'takes $null for no tensors to cut a graph at' {
        (Import-NtkModel "$root/small_fcn/saved_model" -InputTensor $null -OutputTensor $null -ParameterInput $null).Name | Should -Be 'saved_model'
    }

    It 'refuses two values for one name' {
        $value = $bias.Value
        { Invoke-NtkModel $model $x -Parameter @{ $bias.Name = $value; "$($bias.Name):0" = $value } } | Should -Throw '*two values*' -ErrorId 'InvalidArgument,NtkPs.InvokeNtkModelCommand'
        $name = $model.Inputs[0].Name
        { Invoke-NtkModel $model @{ $name = $x; "${name}:0" = $x } } | Should -Throw '*two values*' -ErrorId 'InputMismatch,NtkPs.InvokeNtkModelCommand'
    }

    It 'warns of NaN in a parameter' {
        $nan = [NtkTensor]::FromArray([float[]](, [float]::NaN * $bias.Count), $bias.Shape)
        $null = Invoke-NtkModel $model $x -Parameter @{ $bias.Name = $nan } -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*-Parameter*$($bias.Name)*NaN*"
    }

    It 'reads brackets in names as PowerShell does, and literally where they are no pattern' {
        @(Get-NtkParameter $model 'dense_[12]/*').Count | Should -Be 4
        @(Import-NtkTensor "$root/small_fcn/data.npz" -Name 'x[12]').Count | Should -Be 2
        { Import-NtkModel "$root/[small_fcn/model.keras" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,NtkPs.ImportNtkModelCommand'
        { Get-NtkParameter $model '[' -ErrorAction Stop } | Should -Throw -ErrorId 'ParameterNotFound,NtkPs.GetNtkParameterCommand'
        $one = Invoke-EmpiricalNtk $model $x -ParameterName 'dense_[12]/*'
        $same = Invoke-EmpiricalNtk $model $x -ParameterName 'dense_1/*', 'dense_2/*'
        $one.Equals($same) | Should -BeTrue
    }

    It 'finds an array in each of several archives' {
        @(Import-NtkTensor "$root/*_inputs/data.npz/x1_left" -NoEnumerate).Name | Should -Be 'x1_left'
    }

    # Built for .NET 10, the tests' copy loads in no PowerShell before 7.6.
    It 'takes tensors of System.Numerics.Tensors' -Skip:([System.Environment]::Version.Major -lt 10 -or -not [System.IO.File]::Exists("$PSScriptRoot/../Ntk.Core.Tests/bin/Release/net10.0/System.Numerics.Tensors.dll")) {
        $type = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::GetFullPath("$PSScriptRoot/../Ntk.Core.Tests/bin/Release/net10.0/System.Numerics.Tensors.dll")).GetType('System.Numerics.Tensors.Tensor')
        $theirs = $type::Create([double[]](4, 1, 1, 2), [IntPtr[]](2, 2))
        Export-NtkTensor "$TestDrive/numerics.npy" -InputObject $theirs
        (Import-NtkTensor "$TestDrive/numerics.npy").Describe() | Should -Be 'numerics float64 (2, 2)'
        (Measure-NtkSpectrum $theirs).Trace | Should -Be 6
        $images = $type::Create([float[]]$x.ToFlatArray(), [IntPtr[]]$x.Shape)
        (Invoke-NtkModel $model $images).Equals((Invoke-NtkModel $model $x)) | Should -BeTrue
    }

    It 'keeps a tensor that is given twice apart' {
        { $x, $x | Export-NtkTensor "$TestDrive/twice.npy" } | Should -Throw '*2 were given*' -ErrorId 'InvalidArgument,NtkPs.ExportNtkTensorCommand'
        $x, $x | Export-NtkTensor "$TestDrive/twice.npz"
        @(Import-NtkTensor "$TestDrive/twice.npz").Name | Should -Be @('x1', 'x1_1')
        $x[0], $x[0] | Export-NtkTensor "$TestDrive/rows.npy"
        (Import-NtkTensor "$TestDrive/rows.npy").Shape[0] | Should -Be 2
    }

    It 'writes a kernel to a file, or says that it would, or leaves the file that is there' {
        $file = "$TestDrive/kernel.npy"
        Invoke-EmpiricalNtk $model $x -OutFile $file -WhatIf | Should -BeNullOrEmpty
        [System.IO.File]::Exists($file) | Should -BeFalse
        $kernel = Invoke-EmpiricalNtk $model $x -OutFile $file -NoClobber
        $kernel.Shape | Should -Be @(5, 5)
        { Invoke-EmpiricalNtk $model $x -OutFile $file -NoClobber } | Should -Throw -ErrorId 'FileExists,NtkPs.InvokeEmpiricalNtkCommand'
        { Invoke-EmpiricalNtk $model $x -OutFile "$TestDrive/none/kernel.npy" } | Should -Throw '*does not exist*' -ErrorId 'PathNotFound,NtkPs.InvokeEmpiricalNtkCommand'
    }

    It 'passes the written file on' {
        ($x | Export-NtkTensor "$TestDrive/passed.npy" -PassThru).Name | Should -Be 'passed.npy'
        $x | Export-NtkTensor "$TestDrive/passed.npy" | Should -BeNullOrEmpty
    }
}
