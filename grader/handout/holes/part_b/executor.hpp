    // STUDENT: Which threads still run? Only the loop asks, so no lock is needed.
