Describe 'Test-NtkModel' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $bad = [System.IO.Directory]::CreateDirectory("$TestDrive/bad").FullName
        [System.IO.File]::WriteAllText("$bad/model.json", @'
{"modelTopology": {"class_name": "Sequential", "config": {"name": "s", "layers": [
  {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [null, 4]}},
  {"class_name": "Lambda", "config": {"name": "f"}}, {"class_name": "ReLU", "config": {"name": "r"}}]}, "keras_version": "2.15.0"}, "weightsManifest": []}
'@)
        [System.IO.File]::WriteAllBytes("$TestDrive/damaged.keras", [byte[]](1..200))
    }

    It 'lists the parts of <file>' -ForEach @(
        @{ file = 'keras2/small_fcn/saved_model'; name = 'MatMul'; count = 3 }
        @{ file = 'keras2/small_fcn/model.keras'; name = 'Dense'; count = 3 }
        @{ file = 'keras2/small_fcn/model.h5'; name = 'Dense'; count = 3 }
        @{ file = 'keras2/frozen_graph/frozen.pb'; name = 'MatMul'; count = 1 }
        @{ file = 'tfjs/fused'; name = '_FusedMatMul'; count = 1 }
        @{ file = 'tfjs/sequential/model.json'; name = 'BatchNormalization'; count = 1 }
    ) {
        $parts = Test-NtkModel "$fixtures/$file"
        $parts[0] | Should -BeOfType ([Ntk.NtkModelPart])
        @($parts | Where-Object { -not $_.Supported }) | Should -HaveCount 0
        ($parts | Where-Object Name -EQ $name).Count | Should -BeGreaterOrEqual $count
        ($parts | Where-Object Name -EQ $name).Node | Should -Not -BeNullOrEmpty
        Test-NtkModel "$fixtures/$file" -Quiet | Should -BeTrue
    }

    It 'says what stands in the way, and why' {
        $parts = Test-NtkModel $bad
        $parts[0].Name | Should -Be 'Lambda'
        $parts[0].Supported | Should -BeFalse
        $parts[0].Reason | Should -BeLike '*never executed*'
        $parts[0].Node | Should -Be 'f'
        ($parts | Where-Object Name -EQ 'ReLU').Supported | Should -BeTrue
        Test-NtkModel $bad -Quiet | Should -BeFalse
    }

    It 'surveys what the pipeline brings, a damaged file among them' {
        $parts = "$TestDrive/damaged.keras", "$fixtures/keras2/small_fcn/model.h5", $bad | Test-NtkModel -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileCorrupt,NtkPs.TestNtkModelCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        ($parts | Where-Object Name -EQ 'Dense').Path | Should -BeLike '*small_fcn*'
        ($parts | Where-Object Name -EQ 'Lambda').Path | Should -Be $bad
    }

    It 'takes what Get-ChildItem gives' {
        $files = [System.IO.DirectoryInfo]::new("$fixtures/keras2/small_fcn").GetFiles('model.*')
        @($files | Test-NtkModel -Quiet) | Should -Be $true, $true
        [pscustomobject]@{ PSPath = "$bad/model.json" } | Test-NtkModel -Quiet | Should -BeFalse
    }

    It 'answers False for a damaged file where only an answer is wanted' {
        Test-NtkModel "$TestDrive/damaged.keras" -Quiet -ErrorVariable failed | Should -BeFalse
        $failed | Should -HaveCount 0
        { Test-NtkModel "$TestDrive/none" -Quiet } | Should -Throw -ErrorId 'PathNotFound,NtkPs.TestNtkModelCommand'
    }

    It 'tests what an import with the same arguments would read' {
        Test-NtkModel "$fixtures/keras2/function_f1/saved_model" -ParameterInput params -Quiet | Should -BeTrue
        { Test-NtkModel "$fixtures/keras2/small_fcn/saved_model" -Signature none } | Should -Throw '*serving_default*' -ErrorId 'SignatureNotFound,NtkPs.TestNtkModelCommand'
    }
}
