package wisp.lab.load;

import wisp.core.stack.Endpoint;

/**
 * What load to make.
 *
 * @param bytes sent on each connection
 * @param echoed whether the peer sends them back, which is then checked byte by byte
 * @param holdNanos how long connections stay open after they have all been made
 * @param halfOpen so many handshakes at once
 */
public record LoadPlan(
    Endpoint to,
    int connections,
    long bytes,
    boolean echoed,
    long holdNanos,
    int halfOpen,
    long seed) {}
