/**
 * What can be run, by name: suites, and the strategies and links that {@code ServiceLoader} finds.
 */
@NullMarked
package wisp.lab.suite;

import org.jspecify.annotations.NullMarked;
