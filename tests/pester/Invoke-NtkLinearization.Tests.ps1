Describe 'Invoke-NtkLinearization' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $case = "$fixtures/keras2/other_parameters"
        $model = Import-NtkModel "$case/model.keras"
        $data = @{}
        Import-NtkTensor "$case/data.npz" | ForEach-Object { $data[$_.Name] = $_ }
        $new = @{}
        for ($i = 0; $i -lt $model.Parameters.Count; $i++) { $new[$model.Parameters[$i].Name] = $data["param$i"] }
    }

    It 'is the Taylor model that TensorFlow gives' {
        $linear = Invoke-NtkLinearization $model $data.x1 -Parameter $new
        Get-Difference $linear.Value $data.y1 | Should -BeLessThan 1e-5
        Get-Difference $linear.Linearized $data.linearized_y1 | Should -BeLessThan 1e-5
    }

    It 'is the model itself where nothing changes' {
        $linear = $model | Invoke-NtkLinearization -X $data.x1 -Precision Double
        $linear.Linearized.Equals($linear.Value) | Should -BeTrue
        $linear.Output | Should -Be $model.Outputs[0].Name
    }

    It 'refuses a parameter that the model lacks' {
        { Invoke-NtkLinearization $model $data.x1 -Parameter @{ nope = 1.0 } -ErrorAction Stop } | Should -Throw -ErrorId 'ParameterNotFound,NtkPs.InvokeNtkLinearizationCommand'
    }
}
