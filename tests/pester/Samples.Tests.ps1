Describe 'Samples' {
    BeforeAll {
        . "$PSScriptRoot/support/Setup.ps1"
        $samples = [System.IO.Path]::GetFullPath("$PSScriptRoot/../../samples")
    }

    It 'digits: regression, dynamics, influence and plots' {
        $output = & "$samples/digits/digits.ps1" -OutputPath $TestDrive
        $rows = $output | Where-Object { $_ -isnot [string] }
        $rows.KernelAccuracy | Should -Be @('99.0 %', '99.6 %')
        $rows[1].NetworkAccuracy | Should -Be '98.1 %'
        $text = $output | Where-Object { $_ -is [string] }
        # Gradient descent by the untrained kernel: near chance at first, the accuracy of kernel regression in the end, and close to the trained network.
        $text -match 'after        0 steps: loss 0\.0\d+, test accuracy  ?\d\d?\.\d %' | Should -HaveCount 1
        $text -match 'after Infinity steps: loss 0\.0000, test accuracy 99\.\d %' | Should -HaveCount 1
        $text -match 'gives 9[78]\.\d % of the test images the digit' | Should -HaveCount 1
        $text -match 'shows 8 and is taken for 1; training image \d+, which shows 1' | Should -HaveCount 1
        foreach ($file in 'untrained.npy', 'trained.csv', 'trained.png', 'dynamics.png', 'loss.svg', 'influences.png', 'spectra.png') { "$TestDrive/$file" | Should -Exist }
        (Import-NtkTensor "$TestDrive/trained.npy" -NoEnumerate).Shape | Should -Be @(1000, 1000)
    }

    It 'text: the trained kernel sorts at least as well as the network' {
        $output = & "$samples/text/text.ps1" -OutputPath $TestDrive
        $rows = $output | Where-Object { $_ -isnot [string] }
        $rows[1].ByItself | Should -Be '28 of 30'
        $rows[1].ByKernel | Should -Be '29 of 30'
        $output -match '^  .*question: how long does' | Should -Not -BeNullOrEmpty
        "$TestDrive/trained.png" | Should -Exist
    }

    It 'evolution: shares sum to one, and training aligns the kernel with the labels' {
        $output = & "$samples/evolution/evolution.ps1" -OutputPath $TestDrive
        $rows = $output | Where-Object { $_ -isnot [string] }
        $rows.Layer | Should -Be @('conv2d', 'conv2d_1', 'dense', 'dense_1')
        foreach ($column in 'ShareBefore', 'ShareAfter') {
            $sum = 0
            $rows | ForEach-Object { $sum += [double] $_.$column.TrimEnd(' %') }
            $sum | Should -BeIn @(99.8, 99.9, 100, 100.1, 100.2)
        }
        $labels = [regex]::Match("$output", 'Alignment with the labels: (0\.\d+) before, (0\.\d+) after')
        [double] $labels.Groups[2].Value | Should -BeGreaterThan ([double] $labels.Groups[1].Value)
        $output -match '│ (before|after)$' | Should -HaveCount 2
        foreach ($file in 'before.png', 'after.png', 'spectra.png') { "$TestDrive/$file" | Should -Exist }
    }

    It 'folder: every model is measured, and a bad file is told of' {
        $null = [System.IO.Directory]::CreateDirectory("$TestDrive/models")
        [System.IO.File]::WriteAllText("$TestDrive/models/broken.keras", 'no model')
        $output = & "$samples/folder/folder.ps1" "$TestDrive/models"
        $output[-2] | Should -BeLike '0 models, 0 kernels in * s.'
        $output[-1] | Should -BeLike 'Left out: *broken.keras*'

        $output = & "$samples/folder/folder.ps1" "$fixtures/layers/keras3"
        $rows = @($output | Where-Object { $_ -isnot [string] })
        $files = [System.IO.Directory]::GetFiles("$fixtures/layers/keras3", '*.keras', 'AllDirectories').Count
        $output[-1] | Should -BeLike "$files models, $($rows.Count) kernels in * s."
        $rows.Count | Should -BeGreaterOrEqual $files
        # Eight examples have eight directions at most.
        $rows | Where-Object { $_.EffectiveRank -lt 1 -or $_.EffectiveRank -gt 8.0001 -or $_.LogCondition -lt 0 } | Should -BeNullOrEmpty
    }
}
