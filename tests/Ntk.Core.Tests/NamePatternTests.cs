using Xunit;

namespace Ntk.Core.Tests;

public class NamePatternTests
{
    [Theory]
    [InlineData("dense/kernel", "dense/kernel", true)]
    [InlineData("Dense/Kernel", "dense/kernel", true)]
    [InlineData("dense", "dense/kernel", false)]
    [InlineData("dense*", "dense/kernel", true)]
    [InlineData("*kernel", "dense/kernel", true)]
    [InlineData("dense?kernel", "dense/kernel", true)]
    [InlineData("dense_[12]/kernel", "dense_2/kernel", true)]
    [InlineData("dense_[0-9]/kernel", "dense_7/kernel", true)]
    [InlineData("dense_[12]/kernel", "dense_3/kernel", false)]
    [InlineData("dense_[^1]", "dense_2", false)]
    [InlineData("dense_[^1]", "dense_^", true)]
    [InlineData("w[0]", "w[0]", true)]
    [InlineData("w[0]", "w0", true)]
    [InlineData("w`[0`]", "w[0]", true)]
    [InlineData("w`[0`]", "w0", false)]
    [InlineData("w[", "w[", true)]
    [InlineData("w[]", "w[]", true)]
    [InlineData("w[z-a]", "w[z-a]", true)]
    [InlineData("w[z-a]", "wz", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a\\[bc]", "a\\b", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("*", "a\nb", true)]
    [InlineData("w`", "w`", true)]
    public void Matches_as_powershell_does(string pattern, string name, bool matches) => Assert.Equal(matches, new NamePattern(pattern).Matches(name));

    [Theory]
    [InlineData("dense/kernel", true)]
    [InlineData("w[", true)]
    [InlineData("`*", true)]
    [InlineData("dense*", false)]
    [InlineData("dense_[12]", false)]
    public void Knows_a_name_from_a_pattern(string pattern, bool literal) => Assert.Equal(literal, new NamePattern(pattern).IsLiteral);
}
