Describe 'Import-NtkImage' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $images = "$fixtures/images"
    }

    It 'reads a folder in the order of its names into float32, 0 to 255' {
        $tensor = Import-NtkImage $images
        $tensor.Describe() | Should -Be 'images float32 (2, 5, 7, 3)'
        $expected = (Import-NtkTensor "$images/expected.npz/rgb" -NoEnumerate).AsType('Float32')
        $tensor[0].ToString() | Should -Be $tensor[1].ToString()
        $tensor.Slice(0, 1).Reshape(5, 7, 3).Equals($expected) | Should -BeTrue
    }

    It 'reads paths, wildcards, literal paths and a pipeline' {
        (Import-NtkImage "$images/a_rgb.png").Shape | Should -Be @(1, 5, 7, 3)
        (Import-NtkImage "$images/*.png").Shape | Should -Be @(2, 5, 7, 3)
        (Import-NtkImage -LiteralPath "$images/b_rgba.png").Shape | Should -Be @(1, 5, 7, 3)
        $fromPipeline = [System.IO.DirectoryInfo]::new($images).GetFiles('*.png') | ForEach-Object { $_.FullName } | Import-NtkImage
        $fromPipeline.Shape | Should -Be @(2, 5, 7, 3)
        (Import-NtkImage $images -Recurse -Size 4).Shape | Should -Be @(6, 4, 4, 3)
    }

    It 'resizes, greys and scales' {
        (Import-NtkImage "$images/more/blocks.png" -Size 4 -Grayscale).ToFlatArray() | Should -Be @(0..15 | ForEach-Object { 16 * $_ })
        (Import-NtkImage "$images/more" -Size 3, 9).Shape | Should -Be @(4, 3, 9, 3)
        (Import-NtkImage "$images/more/blocks.png" -Size 4 -Grayscale -Scale 0.5 -Offset -1).ToFlatArray() | Should -Be @(0..15 | ForEach-Object { 8 * $_ - 1 })
    }

    It 'emits rows within a pipeline' {
        @(Import-NtkImage $images | ForEach-Object { $_.GetType().Name }) | Should -Be @('NtkTensorRow', 'NtkTensorRow')
        @(Import-NtkImage $images -NoEnumerate | ForEach-Object { $_.GetType().Name }) | Should -Be 'NtkTensor'
    }

    It 'goes on after a bad file' {
        [System.IO.File]::WriteAllText("$TestDrive/bad.png", 'no image')
        $tensor = Import-NtkImage "$images/a_rgb.png", "$TestDrive/bad.png", "$TestDrive/none.png", "$images/more/blocks.png", "$images/b_rgba.png" -ErrorVariable problems -ErrorAction SilentlyContinue
        $tensor.Shape | Should -Be @(2, 5, 7, 3)
        @($problems.FullyQualifiedErrorId) | Should -Be @('FileCorrupt,NtkPs.ImportNtkImageCommand', 'PathNotFound,NtkPs.ImportNtkImageCommand', 'ShapeMismatch,NtkPs.ImportNtkImageCommand')
        "$($problems[2])" | Should -BeLike "*blocks.png' has 32 x 32 pixels where 'a_rgb.png' has 5 x 7*-Size*"
    }

    It 'says what is wrong: <Id>' -ForEach @(
        @{ Id = 'PathNotFound'; Path = 'no-such-folder'; Words = '*does not exist*' }
        @{ Id = 'PathNotFound'; Path = '../tensors'; Words = '*has no images*' }
        @{ Id = 'FormatNotRecognized'; Path = 'expected.npz'; Words = '*not an image*' }
    ) {
        { Import-NtkImage "$images/$Path" -ErrorAction Stop } | Should -Throw $Words -ErrorId "$Id,NtkPs.ImportNtkImageCommand"
    }
}
