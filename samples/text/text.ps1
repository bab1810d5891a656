# A shop sorts its messages into praise, complaints and questions. Which messages did its small text network learn from, and does its tangent kernel sort as well?
#
# The network (Embedding, Conv1D over three neighbouring words, GlobalMaxPooling1D, Dense) was trained with Keras on the 180 messages of train.tsv. Kernel regression with its empirical
# tangent kernel, before and after that training, sorts the 30 messages of test.tsv, which are phrased in other ways, and names the training messages that decided.
param([string] $OutputPath = "$PSScriptRoot/output")

if (-not (Get-Command Invoke-EmpiricalNtk -ErrorAction Ignore)) { Import-Module "$PSScriptRoot/../../out/Ntk" }
$null = [IO.Directory]::CreateDirectory($OutputPath)

function Read-Message($Path) {
    foreach ($line in [IO.File]::ReadAllLines($Path)) {
        $label, $text = $line -split "`t"
        [pscustomobject] @{ Label = $label; Text = $text }
    }
}

# A message is the ids of its first 16 words: 0 fills up, 1 is a word that training never showed.
$ids = @{}
foreach ($word in [IO.File]::ReadAllLines("$PSScriptRoot/vocabulary.txt")) { $ids[$word] = $ids.Count + 2 }
function ConvertTo-TokenId($Text) {
    $tokens = [int[]]::new(16)
    $words = -split $Text
    for ($i = 0; $i -lt [Math]::Min($words.Count, 16); $i++) { $tokens[$i] = $ids[$words[$i]] ?? 1 }
    , $tokens
}

$train = Read-Message "$PSScriptRoot/train.tsv"
$test = Read-Message "$PSScriptRoot/test.tsv"
$xTrain = @($train | ForEach-Object { ConvertTo-TokenId $_.Text })
$xTest = @($test | ForEach-Object { ConvertTo-TokenId $_.Text })
$classes = 'complaint', 'praise', 'question'

foreach ($name in 'untrained', 'trained') {
    $model = Import-NtkModel "$PSScriptRoot/$name.keras"
    $trainTrain = Invoke-EmpiricalNtk $model $xTrain
    $testTrain = Invoke-EmpiricalNtk $model $xTest $xTrain
    $predictions = Invoke-NtkRegression $trainTrain $testTrain $train.Label -Ridge 1
    $guesses = (Invoke-NtkModel $model $xTest -NoEnumerate).ArgMax()

    [pscustomobject] @{
        Network  = $name
        ByKernel = '{0} of {1}' -f @($predictions | Where-Object { $_.Label -eq $test[$_.Index].Label }).Count, $test.Count
        ByItself = '{0} of {1}' -f @(0..($test.Count - 1) | Where-Object { $classes[$guesses[$_]] -eq $test[$_].Label }).Count, $test.Count
    }
    $trainTrain | Export-NtkPlot "$OutputPath/$name.png" -Label $train.Label
}

''
'Three messages that training never showed, and the training messages that spoke loudest for the answer or against it:'
foreach ($group in Get-NtkInfluence $trainTrain $testTrain $train.Label -Ridge 1 -First 3 | Where-Object TestIndex -In 0, 10, 20) {
    if ($group.Rank -eq 1) { "'$($test[$group.TestIndex].Text)' is taken for $($group.Predicted):" }
    '  {0,6:F2}  {1}: {2}' -f $group.Contribution, $group.TrainLabel, $train[$group.TrainIndex].Text
}
