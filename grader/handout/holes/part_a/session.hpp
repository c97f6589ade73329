    // STUDENT: What does a client need as long as it is here? Threads come last: they are joined
    // before the rest is destroyed.
