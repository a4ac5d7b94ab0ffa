package wisp.core;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.tcp.SeqNum;

@DisplayName("The walls: what the core may know, and which way the arrows point")
class ArchitectureTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .importUrl(Counters.class.getProtectionDomain().getCodeSource().getLocation());

  private static final DescribedPredicate<JavaClass> BASE =
      resideInAnyPackage(
              "java.lang",
              "java.lang.annotation",
              "java.lang.invoke",
              "java.lang.runtime",
              "java.lang.foreign",
              "java.util",
              "java.util.function",
              "java.util.stream",
              "org.jspecify.annotations")
          .or(type(java.nio.ByteOrder.class))
          .or(DescribedPredicate.describe("a primitive or array", c -> c.isPrimitive()));

  private static DescribedPredicate<JavaClass> rooms(String... rooms) {
    String[] packages = new String[rooms.length];
    for (int i = 0; i < rooms.length; i++) {
      packages[i] = "wisp.core." + rooms[i] + "..";
    }
    return resideInAnyPackage(packages).or(BASE);
  }

  private static final DescribedPredicate<JavaClass> COUNTERS = resideInAPackage("wisp.core");

  @Test
  void theCoreNeedsJavaBaseOnly() {
    classes()
        .should()
        .onlyDependOnClassesThat(resideInAPackage("wisp.core..").or(BASE))
        .check(CORE);
  }

  @Test
  void noClockNoThreadNoRandomness() {
    noClasses()
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(
            Thread.class,
            Runtime.class,
            java.util.Random.class,
            java.util.SplittableRandom.class,
            java.security.SecureRandom.class,
            java.util.Timer.class)
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "java.io..", "java.time..", "java.util.concurrent..")
        .check(CORE);
  }

  @Test
  void spiKnowsNobody() {
    room("spi", rooms("spi"));
  }

  @Test
  void wireKnowsNobodyButSequenceNumbers() {
    room("wire", rooms("wire").or(type(SeqNum.class)));
  }

  @Test
  void memoryKnowsSpi() {
    room("memory", rooms("memory", "spi").or(COUNTERS));
  }

  @Test
  void linkKnowsWireMemoryAndSpi() {
    room("link", rooms("link", "wire", "memory", "spi").or(COUNTERS));
  }

  @Test
  void ipKnowsLinkWireMemoryAndSpi() {
    room("ip", rooms("ip", "link", "wire", "memory", "spi").or(COUNTERS));
  }

  @Test
  void tcpKnowsIpWireMemoryAndSpi() {
    room("tcp", rooms("tcp", "ip", "wire", "memory", "spi").or(COUNTERS));
  }

  private static void room(String name, DescribedPredicate<JavaClass> allowed) {
    classes()
        .that()
        .resideInAPackage("wisp.core." + name + "..")
        .should()
        .onlyDependOnClassesThat(allowed)
        .check(CORE);
  }

  @Test
  void noRoomNeedsItselfThroughAnother() {
    slices()
        .matching("wisp.core.(*)..")
        .should()
        .beFreeOfCycles()
        .ignoreDependency(DescribedPredicate.alwaysTrue(), type(SeqNum.class))
        .check(CORE);
  }
}
