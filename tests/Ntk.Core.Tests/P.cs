namespace Ntk.Core.Tests; public class PlaceholderTests { [Xunit.Fact] public void Builds() { } }
