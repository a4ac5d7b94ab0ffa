/**
 * What the stack needs and others implement: where bytes live ({@link
 * wisp.core.spi.MemoryStrategy}) and how packets move ({@link wisp.core.spi.Link}). Read those two
 * first. All arrows point here: strategies and links know this package, the stack knows neither.
 */
@NullMarked
package wisp.core.spi;

import org.jspecify.annotations.NullMarked;
