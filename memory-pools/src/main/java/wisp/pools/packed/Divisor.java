package wisp.pools.packed;

/**
 * Division of unsigned 64-bit numbers by the same small number again and again: a multiplication
 * instead of the machine's division, which takes several times as long.
 */
final class Divisor {
  private final int divisor;
  private final long reciprocal;

  /** By this number, at least 2. */
  Divisor(int divisor) {
    this.divisor = divisor;
    reciprocal = Long.divideUnsigned(-1, divisor);
  }

  /** The quotient of an unsigned number. */
  long quotient(long number) {
    // The reciprocal is rounded down by less than 2^-64 · divisor: the product is right or 1 short.
    long quotient = Math.unsignedMultiplyHigh(number, reciprocal);
    return number - quotient * divisor < divisor ? quotient : quotient + 1;
  }

  /** The largest quotient there is. */
  long largestQuotient() {
    return quotient(-1);
  }
}
