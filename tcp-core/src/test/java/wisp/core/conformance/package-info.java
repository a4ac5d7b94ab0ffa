/**
 * Records what the tests tagged with a conformance check did, in every module that has this
 * test-jar on its class path. The build's last module makes docs/conformance.md of these records.
 * Read {@link wisp.core.conformance.ConformanceRecorder} first.
 */
package wisp.core.conformance;
