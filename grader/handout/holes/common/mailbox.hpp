    // STUDENT: What protects the outbox, and how does a thread sleep until there is something in
    // it? And what has to be remembered of close() and of the taker?
