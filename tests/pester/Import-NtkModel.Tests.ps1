Describe 'Import-NtkModel' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
    }

    It 'reads <file>' -ForEach @(
        @{ file = 'small_fcn/saved_model'; format = 'SavedModel'; count = 7946 }
        @{ file = 'small_fcn/model.keras'; format = 'Keras'; count = 7946 }
        @{ file = 'small_fcn/model.h5'; format = '*5'; count = 7946 }
        @{ file = 'frozen_graph/frozen.pb'; format = 'GraphDef'; count = 824 }
    ) {
        $model = Import-NtkModel "$fixtures/keras2/$file"
        $model | Should -BeOfType ([Ntk.NtkModel])
        $model.Format | Should -BeLike $format
        $model.ParameterCount | Should -Be $count
        $model.TrainableCount | Should -Be $count
        $model.Path | Should -BeLike '*keras2*'
        $model.Inputs | Should -HaveCount 1
        $model.Outputs | Should -HaveCount 1
    }

    It 'reads TensorFlow.js models by folder and by file' {
        $graph = Import-NtkModel "$fixtures/tfjs/fused"
        $graph.Format | Should -Be 'TfjsGraphModel'
        $graph.Outputs.Name | Should -Be 'Identity'
        $layers = Import-NtkModel "$fixtures/tfjs/sequential/model.json"
        $layers.Format | Should -Be 'TfjsLayersModel'
        ($layers | Get-NtkParameter -NonTrainable).Name | Should -Be 'batch_normalization_BatchNormalization1/moving_mean', 'batch_normalization_BatchNormalization1/moving_variance'
        { Import-NtkModel "$fixtures/tfjs" } | Should -Throw -ErrorId 'FormatNotRecognized,NtkPs.ImportNtkModelCommand'
    }

    It 'describes inputs and outputs by name, shape and type' {
        $model = Import-NtkModel "$fixtures/keras2/two_inputs/saved_model"
        $model.Inputs.Name | Should -Be 'left', 'right'
        $model.Inputs[0].Shape | Should -Be -1, 5
        $model.Inputs[0].DType | Should -Be 'Float32'
        $model.Outputs[0].Name | Should -Be 'head'
    }

    It 'takes paths by wildcard, from the pipeline and by property' {
        Import-NtkModel "$fixtures/keras2/small_fcn/model.*" | Should -HaveCount 2
        "$fixtures/keras2/small_fcn/model.h5", "$fixtures/keras2/test_cnn/model.h5" | Import-NtkModel | Should -HaveCount 2
        [pscustomobject]@{ PSPath = "$fixtures/keras2/small_fcn/model.h5" } | Import-NtkModel | Should -HaveCount 1
        (Import-NtkModel -LiteralPath "$fixtures/keras2/small_fcn/model.h5").ParameterCount | Should -Be 7946
    }

    It 'takes an input as parameters' {
        $model = Import-NtkModel "$fixtures/keras2/function_f1/saved_model" -ParameterInput params
        $model.Inputs.Name | Should -Be 'x'
        $model.Parameters.Name | Should -Be 'params'
    }

    It 'gives placeholders beside the data their values' {
        [IO.Compression.ZipFile]::ExtractToDirectory("$fixtures/graphs/tf1.zip", "$TestDrive/tf1")
        $graph = "$TestDrive/tf1/bn_facenet/graph.pb"
        $model = Import-NtkModel $graph -OutputTensor y_out -Feed @{ phase_train = $false; 'keep_probability:0' = 1 }
        $model.Inputs.Name | Should -Be 'x'
        { Import-NtkModel $graph -Feed @{ phase_trian = $false } } | Should -Throw '*keep_probability*' -ErrorId 'TensorNotFound,NtkPs.ImportNtkModelCommand'
        { Import-NtkModel $graph -Feed @{ phase_train = .5 } } | Should -Throw -ErrorId 'DTypeMismatch,NtkPs.ImportNtkModelCommand'
        $dropout = "$TestDrive/tf1/drop_old/graph.pb"
        Test-NtkModel $dropout -Feed @{ keep_prob = 1 } -Quiet | Should -BeTrue
        Test-NtkModel $dropout -Feed @{ keep_prob = .5 } -Quiet | Should -BeFalse
    }

    It 'cuts a graph at named tensors, with or without :0' {
        $graph = "$fixtures/keras2/frozen_graph/frozen.pb"
        $whole = Import-NtkModel $graph
        $cut = Import-NtkModel $graph -OutputTensor "$($whole.Outputs[0].Name):0"
        $cut.Outputs[0].Name | Should -Be $whole.Outputs[0].Name
        { Import-NtkModel $graph -OutputTensor no_such_node } | Should -Throw -ErrorId 'TensorNotFound,NtkPs.ImportNtkModelCommand'
    }

    Context 'errors' {
        It 'refuses a path that does not exist' {
            $thrown = { Import-NtkModel "$TestDrive/none" } | Should -Throw -ErrorId 'PathNotFound,NtkPs.ImportNtkModelCommand' -PassThru
            $thrown.CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $thrown.Exception.Message | Should -BeLike '*none*'
        }

        It 'refuses a folder without a model, naming it' {
            $folder = [System.IO.Directory]::CreateDirectory("$TestDrive/empty").FullName
            { Import-NtkModel $folder } | Should -Throw '*empty*' -ErrorId '*,NtkPs.ImportNtkModelCommand'
        }

        It 'refuses random bytes as <name>' -ForEach @(@{ name = 'random.pb' }, @{ name = 'random.keras' }, @{ name = 'random.h5' }) {
            [System.IO.File]::WriteAllBytes("$TestDrive/$name", [byte[]](1..200))
            $thrown = { Import-NtkModel "$TestDrive/$name" } | Should -Throw "*$name*" -PassThru
            $thrown.FullyQualifiedErrorId | Should -BeIn 'FileCorrupt,NtkPs.ImportNtkModelCommand', 'FormatNotRecognized,NtkPs.ImportNtkModelCommand'
            $thrown.CategoryInfo.Category | Should -Be 'InvalidData'
        }

        It 'refuses a truncated <name>' -ForEach @(@{ name = 'model.keras' }, @{ name = 'model.h5' }) {
            $bytes = [System.IO.File]::ReadAllBytes("$fixtures/keras2/small_fcn/$name")
            [System.IO.File]::WriteAllBytes("$TestDrive/$name", $bytes[0..($bytes.Length / 2)])
            { Import-NtkModel "$TestDrive/$name" } | Should -Throw "*$name*" -ErrorId 'FileCorrupt,NtkPs.ImportNtkModelCommand'
        }

        It 'refuses a SavedModel without its variables' {
            $folder = [System.IO.Directory]::CreateDirectory("$TestDrive/bare").FullName
            [System.IO.File]::Copy("$fixtures/keras2/small_fcn/saved_model/saved_model.pb", "$folder/saved_model.pb")
            { Import-NtkModel $folder } | Should -Throw -ErrorId 'VariablesMissing,NtkPs.ImportNtkModelCommand'
        }

        It 'refuses an unknown signature, listing those there are' {
            { Import-NtkModel "$fixtures/keras2/small_fcn/saved_model" -Signature none } | Should -Throw '*serving_default*' -ErrorId 'SignatureNotFound,NtkPs.ImportNtkModelCommand'
        }

        It 'goes on with the other paths of a list' {
            $models = "$TestDrive/none", "$fixtures/keras2/small_fcn/model.h5" | Import-NtkModel -ErrorVariable failed -ErrorAction SilentlyContinue
            $models | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -Be 'PathNotFound,NtkPs.ImportNtkModelCommand'
        }
    }
}
