/**
 * What every link must stand with a stack on it: {@link wisp.lab.contract.LinkTraffic} says what
 * that is, {@link wisp.lab.contract.LinkTrafficTest} has the links. Our side runs in a JVM of its
 * own ({@link wisp.lab.contract.OurSide}), so that a crash in native code is one failed test.
 */
@NullMarked
package wisp.lab.contract;

import org.jspecify.annotations.NullMarked;
