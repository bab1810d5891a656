using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>Shows a row's elements as properties, made only when asked for: a large kernel streams to Export-Csv without a copy.</summary>
public sealed class TensorRowAdapter : PSPropertyAdapter
{
    /// <inheritdoc/>
    public override Collection<PSAdaptedProperty> GetProperties(object baseObject)
    {
        string[] columns = ((NtkTensorRow)baseObject).Source.Columns;
        var properties = new List<PSAdaptedProperty>(columns.Length);
        for (int column = 0; column < columns.Length; column++)
        {
            properties.Add(new PSAdaptedProperty(columns[column], column));
        }
        return new Collection<PSAdaptedProperty>(properties);
    }

    /// <inheritdoc/>
    public override PSAdaptedProperty? GetProperty(object baseObject, string propertyName)
    {
        var row = (NtkTensorRow)baseObject;
        int column = row.Source.Rank switch
        {
            < 2 => string.Equals(propertyName, "Value", StringComparison.OrdinalIgnoreCase) ? 0 : -1,
            2 => int.TryParse(propertyName, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < row.Length ? index : -1,
            _ => Array.IndexOf(row.Source.Columns, propertyName),
        };
        return column < 0 ? null : new PSAdaptedProperty(propertyName, column);
    }

    /// <inheritdoc/>
    public override object GetPropertyValue(PSAdaptedProperty adaptedProperty)
    {
        ArgumentNullException.ThrowIfNull(adaptedProperty);
        return ((NtkTensorRow)adaptedProperty.BaseObject).ColumnValue((int)adaptedProperty.Tag);
    }

    /// <inheritdoc/>
    public override string GetPropertyTypeName(PSAdaptedProperty adaptedProperty)
    {
        ArgumentNullException.ThrowIfNull(adaptedProperty);
        return Elements.TypeOf(((NtkTensorRow)adaptedProperty.BaseObject).Source.DType).FullName!;
    }

    /// <inheritdoc/>
    public override bool IsGettable(PSAdaptedProperty adaptedProperty) => true;

    /// <inheritdoc/>
    public override bool IsSettable(PSAdaptedProperty adaptedProperty) => false;

    /// <inheritdoc/>
    public override void SetPropertyValue(PSAdaptedProperty adaptedProperty, object value) =>
        throw new SetValueException("A tensor's elements cannot be set.");
}
