package wisp.lab.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import wisp.core.spi.Parameters;

/** Reads {@code 1k}, {@code 250000}, {@code 1.5M}. */
final class Counts implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    try {
      return Parameters.parse(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "'" + text + "' is not a whole number (such as 250000, 100k or 1.5M)");
    }
  }
}
