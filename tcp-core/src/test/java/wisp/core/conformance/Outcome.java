package wisp.core.conformance;

/** How a tagged test ended, all its invocations taken together: the worst of them counts. */
enum Outcome {
  PASSED,
  /** Disabled, or an assumption about this machine did not hold. */
  SKIPPED,
  FAILED;

  /** As the record has it. */
  String word() {
    return switch (this) {
      case PASSED -> "passed";
      case SKIPPED -> "skipped";
      case FAILED -> "failed";
    };
  }
}
