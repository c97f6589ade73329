    // STUDENT: Two descriptors of your own, and for each descriptor of others: what is under way?
