package wisp.drivers.sockets;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The façade is an application like any other")
class ArchitectureTest {
  private static final JavaClasses DRIVERS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("wisp.drivers");

  /** What the core's {@code module-info} exports, and nothing of the links beside it. */
  private static final DescribedPredicate<JavaClass> API =
      resideInAnyPackage(
          "wisp.drivers.sockets",
          "wisp.core",
          "wisp.core.ip",
          "wisp.core.spi",
          "wisp.core.stack",
          "java.lang..",
          "java.util..",
          "org.jspecify.annotations");

  @Test
  void itUsesTheExportedApiAlone() {
    classes()
        .that(resideInAPackage("wisp.drivers.sockets"))
        .should()
        .onlyDependOnClassesThat(API.or(isPrimitive()))
        .check(DRIVERS);
  }

  @Test
  void noLinkKnowsOfIt() {
    noClasses()
        .that()
        .resideOutsideOfPackage("wisp.drivers.sockets")
        .should()
        .dependOnClassesThat(resideInAPackage("wisp.drivers.sockets"))
        .check(DRIVERS);
  }

  private static DescribedPredicate<JavaClass> isPrimitive() {
    return DescribedPredicate.describe("a primitive or array", c -> c.isPrimitive());
  }
}
