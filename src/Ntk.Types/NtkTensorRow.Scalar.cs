using System.Globalization;

namespace Ntk;

// `$labels[3]` is a row like any other, but nobody wants to write `.Value` to count with it.
public sealed partial class NtkTensorRow : IComparable, IEquatable<NtkTensorRow>
{
#pragma warning disable CS1591 // conversions of a single-element row to its number
    // The other way round, too: PowerShell converts a comparison's right side to the type of its left.
    public static implicit operator NtkTensorRow(double value) => NtkTensor.FromArray(new[] { value })[0];
    public static implicit operator NtkTensorRow(int value) => NtkTensor.FromArray(new[] { value })[0];
    public static implicit operator NtkTensorRow(long value) => NtkTensor.FromArray(new[] { value })[0];
    public static implicit operator double(NtkTensorRow row) => Convert.ToDouble(row.Scalar(), CultureInfo.InvariantCulture);
    public static explicit operator float(NtkTensorRow row) => Convert.ToSingle(row.Scalar(), CultureInfo.InvariantCulture);
    public static explicit operator int(NtkTensorRow row) => Convert.ToInt32(row.Scalar(), CultureInfo.InvariantCulture);
    public static explicit operator long(NtkTensorRow row) => Convert.ToInt64(row.Scalar(), CultureInfo.InvariantCulture);
    public static explicit operator bool(NtkTensorRow row) => Convert.ToBoolean(row.Scalar(), CultureInfo.InvariantCulture);
    public static double operator +(NtkTensorRow left, double right) => (double)left + right;
    public static double operator +(double left, NtkTensorRow right) => left + (double)right;
    public static double operator -(NtkTensorRow left, double right) => (double)left - right;
    public static double operator -(double left, NtkTensorRow right) => left - (double)right;
    public static double operator *(NtkTensorRow left, double right) => (double)left * right;
    public static double operator *(double left, NtkTensorRow right) => left * (double)right;
    public static double operator /(NtkTensorRow left, double right) => (double)left / right;
    public static double operator /(double left, NtkTensorRow right) => left / (double)right;
    public static bool operator ==(NtkTensorRow? left, NtkTensorRow? right) => left is null ? right is null : left.Equals(right);
    public static bool operator !=(NtkTensorRow? left, NtkTensorRow? right) => !(left == right);
    public static bool operator <(NtkTensorRow left, NtkTensorRow right) => left.CompareTo(right) < 0;
    public static bool operator >(NtkTensorRow left, NtkTensorRow right) => left.CompareTo(right) > 0;
    public static bool operator <=(NtkTensorRow left, NtkTensorRow right) => left.CompareTo(right) <= 0;
    public static bool operator >=(NtkTensorRow left, NtkTensorRow right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591

    /// <summary>Compares the numbers of two single-element rows, or of one and a number.</summary>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        NtkTensorRow row => ((double)this).CompareTo((double)row),
        IConvertible number => ((double)this).CompareTo(number.ToDouble(CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"A row of a tensor cannot be compared with a {obj.GetType().Name}.", nameof(obj)),
    };

    /// <summary>Whether the other row has the same elements, shape and type.</summary>
    public bool Equals(NtkTensorRow? other) => other is not null && (ReferenceEquals(this, other) || ToTensor().Equals(other.ToTensor()));

    /// <summary>Whether <paramref name="obj"/> is an equal row or, for a single-element row, its number.</summary>
    public override bool Equals(object? obj) => obj switch
    {
        NtkTensorRow row => Equals(row),
        IConvertible number when IsNumber && number.GetTypeCode() is >= TypeCode.SByte and <= TypeCode.Decimal =>
            (double)this == number.ToDouble(CultureInfo.InvariantCulture),
        _ => false,
    };

    /// <inheritdoc/>
    public override int GetHashCode() => IsNumber ? ((double)this).GetHashCode() : HashCode.Combine(Source.DType, Length);

    private bool IsNumber => Length == 1 && !Source.DType.IsComplex();

    private object Scalar() => IsNumber ? Value(ColumnValue(0)) : throw new InvalidCastException(
        $"A row of shape {NtkShape.Format(Source.Shape[1..])} is not a number; take one of its elements.");

    private static object Value(object element) => element is Half half ? (float)half : element;
}
