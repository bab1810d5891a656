@{
    RootModule           = 'NtkPs.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5d4c7f0e-6a53-4d0b-9f0a-1c4be5a2f7d3'
    Author               = 'The Ntk authors'
    CompanyName          = 'The Ntk authors'
    Copyright            = 'Copyright (c) 2026 The Ntk authors'
    Description          = 'Reads TensorFlow model files and computes their empirical (finite-width) neural tangent kernels, without Python or TensorFlow.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    CmdletsToExport      = @(
        'Compare-NtkKernel'
        'ConvertFrom-NtkTensor'
        'Export-NtkPlot'
        'Export-NtkTensor'
        'Get-NtkInfluence'
        'Get-NtkJacobian'
        'Get-NtkMaxLearningRate'
        'Get-NtkParameter'
        'Get-NtkPlan'
        'Import-NtkImage'
        'Import-NtkModel'
        'Import-NtkTensor'
        'Invoke-EmpiricalNngp'
        'Invoke-EmpiricalNtk'
        'Invoke-NtkLinearization'
        'Invoke-NtkModel'
        'Invoke-NtkPrediction'
        'Invoke-NtkRegression'
        'Invoke-NtkVectorProduct'
        'Measure-NtkAlignment'
        'Measure-NtkSpectrum'
        'Test-NtkModel'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    # The types file names the row adapter, so its assembly comes before the files.
    RequiredAssemblies   = @('Ntk.Types.dll', 'NtkPs.dll')
    FormatsToProcess     = @('Ntk.format.ps1xml')
    TypesToProcess       = @('Ntk.types.ps1xml')
    PrivateData          = @{
        PSData = @{
            Tags         = @('TensorFlow', 'Keras', 'SavedModel', 'NeuralTangentKernel', 'NTK', 'KernelMethods', 'MachineLearning', 'DeepLearning', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            LicenseUri   = 'https://opensource.org/licenses/MIT'
            ReleaseNotes = 'First release: empirical neural tangent kernels of TensorFlow and Keras models, and what one does with them. See CHANGELOG.md.'
        }
    }
}
