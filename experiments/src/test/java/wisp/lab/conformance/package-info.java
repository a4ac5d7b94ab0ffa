/**
 * Makes docs/conformance.md of the list of checks (docs/conformance/checks.tsv) and of what each
 * module's tests recorded, and fails the build where a check that must hold is not shown. Run by
 * Maven in {@code verify}, when all tests are over; java.base only. Read {@link
 * wisp.lab.conformance.ConformancePage} first.
 */
package wisp.lab.conformance;
