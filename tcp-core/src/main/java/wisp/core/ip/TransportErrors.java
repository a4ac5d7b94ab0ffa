package wisp.core.ip;

/** Who owns the packets that ICMP errors are about. */
@FunctionalInterface
public interface TransportErrors {
  /** An error whose quoted packet has an address of ours as source; nothing else was checked. */
  void receive(IcmpError error, long nowNanos);
}
