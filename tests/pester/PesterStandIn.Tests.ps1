BeforeDiscovery {
    # Under the real Pester there is nothing to test here.
    $absent = -not (Get-Command Invoke-PesterStandIn -ErrorAction Ignore)
}

Describe 'PesterStandIn' -Skip:$absent {
    BeforeAll {
        function Invoke-Text([string]$Text, [string[]]$ExcludeTag = @()) {
            $file = [System.IO.Path]::Combine($TestDrive, 'Inner.Tests.ps1')
            [System.IO.File]::WriteAllText($file, $Text)
            Invoke-PesterStandIn -Path $file -ExcludeTag $ExcludeTag
        }
    }

    It 'reports a failing test with its names, reason and line' {
        $result = Invoke-Text "Describe 'Outer' {`n  It 'adds' {`n    1 + 1 | Should -Be 3`n  }`n  It 'holds' { 1 | Should -Be 1 }`n}"
        $result.Passed | Should -Be 1
        $result.Failed | Should -Be 1
        $result.Failures[0] | Should -BeLike '*Outer > adds*Expected 2 to be 3*Inner.Tests.ps1: line 3*'
    }

    It 'counts an error that a test throws as a failure' {
        (Invoke-Text "Describe 'A' { It 'x' { throw 'no' } }").Failed | Should -Be 1
    }

    It 'fails every test of a block whose BeforeAll throws' {
        $result = Invoke-Text "Describe 'A' { BeforeAll { throw 'no' }; It 'x' { }; Context 'B' { It 'y' { } } }; Describe 'C' { It 'z' { } }"
        $result.Failed | Should -Be 2
        $result.Passed | Should -Be 1
    }

    It 'counts a failing AfterEach, a failing AfterAll and a file that does not parse' -ForEach @(
        @{ Text = "Describe 'A' { AfterEach { throw 'no' }; It 'x' { } }" }
        @{ Text = "Describe 'A' { AfterAll { throw 'no' }; It 'x' { } }" }
        @{ Text = "Describe 'A' {" }
    ) {
        (Invoke-Text $Text).Failed | Should -Be 1
    }

    It 'runs setups and tests in nested scopes, in order' {
        $result = Invoke-Text @'
Describe 'A' {
    BeforeAll { $log = [System.Collections.Generic.List[string]]::new(); $value = 'A' }
    BeforeEach { $log.Add('each A'); $each = 'set' }
    It 'sees them' { $log -join ',' | Should -Be 'each A'; $value | Should -Be 'A'; $each | Should -Be 'set'; $value = 'changed' }
    It 'does not see what another test set' { $value | Should -Be 'A' }
    Context 'B' {
        BeforeAll { $value = 'B' }
        BeforeEach { $log.Add('each B') }
        AfterEach { $log.Add('after B') }
        It 'sees the inner value' { $value | Should -Be 'B'; $log[-2] | Should -Be 'each A'; $log[-1] | Should -Be 'each B' }
        It 'ran the cleanup' { $log | Should -Contain 'after B' }
    }
    It 'sees the outer value again' { $value | Should -Be 'A' }
    AfterAll { if ($log.Count -ne 9) { throw "$($log.Count): $log" } }
}
'@
        $result.Failures | Should -BeNullOrEmpty
        $result.Passed | Should -Be 5
    }

    It 'runs a case for each item, in blocks and tests, and puts values into names' {
        $result = Invoke-Text @'
Describe 'A <size>' -ForEach @{ size = 1 }, @{ size = 2 } {
    It '<name> is <_.name> of <size>' -ForEach @{ name = 'x' }, @{ name = 'y' } { "$name$size" | Should -Be 'y1' }
    It 'takes plain <_>' -ForEach 1, 2, 3 { $_ | Should -BeLessThan 4 }
    It 'has no case' -ForEach @() { throw 'never' }
}
'@
        $result.Passed | Should -Be 7
        $result.Failures | Should -HaveCount 3
        $result.Failures[1] | Should -BeLike '*A 2 > x is x of 2*'
    }

    It 'skips by switch, tag and Set-ItResult' {
        $result = Invoke-Text @'
Describe 'A' {
    It 'x' -Skip { throw 'no' }
    It 'y' -Tag Slow { throw 'no' }
    It 'z' { Set-ItResult -Skipped -Because 'so' }
    Context 'B' -Tag Slow { BeforeAll { throw 'no' }; It 'u' { throw 'no' } }
}
'@ -ExcludeTag Slow
        $result.Skipped | Should -Be 4
        $result.Failed | Should -Be 0
    }

    Context 'Should' {
        It '<holds> holds and <fails> does not' -ForEach @(
            @{ holds = "'a' | Should -Be 'A'"; fails = "'a' | Should -Be 'b'" }
            @{ holds = "'a' | Should -BeExactly 'a'"; fails = "'a' | Should -BeExactly 'A'" }
            @{ holds = '1, 2 | Should -Be 1, 2'; fails = '1, 2 | Should -Be 1, 3' }
            @{ holds = '$null | Should -Be $null'; fails = '0 | Should -Be $null' }
            @{ holds = '1 | Should -Not -Be 2'; fails = '1 | Should -Not -Be 1' }
            @{ holds = '2 | Should -BeGreaterThan 1'; fails = '1 | Should -BeGreaterThan 1' }
            @{ holds = '1 | Should -BeGreaterOrEqual 1'; fails = '0 | Should -BeGreaterOrEqual 1' }
            @{ holds = '1 | Should -BeLessThan 2'; fails = '2 | Should -BeLessThan 2' }
            @{ holds = '2 | Should -BeLessOrEqual 2'; fails = '3 | Should -BeLessOrEqual 2' }
            @{ holds = "'abc' | Should -BeLike 'a*'"; fails = "'abc' | Should -BeLike 'b*'" }
            @{ holds = "'abc' | Should -Match '^a'"; fails = "'abc' | Should -Match '^b'" }
            @{ holds = '$true | Should -BeTrue'; fails = '$false | Should -BeTrue' }
            @{ holds = '$false | Should -BeFalse'; fails = '$true | Should -BeFalse' }
            @{ holds = '@() | Should -BeNullOrEmpty'; fails = '1 | Should -BeNullOrEmpty' }
            @{ holds = '1 | Should -BeOfType ([int])'; fails = '1 | Should -BeOfType [string]' }
            @{ holds = '1, 2, 3 | Should -HaveCount 3'; fails = '1, 2 | Should -HaveCount 3' }
            @{ holds = '1, 2 | Should -Contain 2'; fails = '1, 2 | Should -Not -Contain 2' }
            @{ holds = '1 | Should -BeIn 1, 2'; fails = '3 | Should -BeIn 1, 2' }
            @{ holds = '$TestDrive | Should -Exist'; fails = "'/no/such' | Should -Exist" }
            @{ holds = "{ throw 'boo' } | Should -Throw"; fails = '{ 1 } | Should -Throw' }
            @{ holds = "{ throw 'boo' } | Should -Throw 'b*'"; fails = "{ throw 'boo' } | Should -Throw 'c*'" }
            @{ holds = "{ throw 'boo' } | Should -Throw -ErrorId 'boo'"; fails = "{ throw 'boo' } | Should -Throw -ErrorId 'Other'" }
            @{ holds = '{ 1 } | Should -Not -Throw'; fails = '{ throw 1 } | Should -Not -Throw' }
        ) {
            $result = Invoke-Text "Describe 'A' { It 'holds' { $holds }; It 'fails' { $fails } }"
            $result.Passed | Should -Be 1
            $result.Failed | Should -Be 1
            $result.Failures[0] | Should -BeLike '*A > fails*Expected*'
        }

        It 'names the reason' {
            { 1 | Should -Be 2 -Because 'it must' } | Should -Throw '*because it must*'
        }

        It 'gives the error on' {
            ({ throw 'boo' } | Should -Throw -PassThru).Exception.Message | Should -Be 'boo'
        }
    }
}
